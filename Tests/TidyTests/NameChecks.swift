/// The rules on names.
enum NameChecks {
    /// A top-level name of `Sources` belongs to one type, whatever its module: a reader cannot tell
    /// two of them apart, and one shadows the other where both are visible.
    static func uniqueTypes(_ files: [SourceText]) -> [Offence] {
        var homes: [String: String] = [:]
        var offences: [Offence] = []
        for file in files where file.folders.first == "Sources" && file.fileExtension == "swift" {
            for declaration in StructureChecks.declarations(file.tokens)
            where !declaration.isNested {
                let name = declaration.name
                if let home = homes[name], home != file.path {
                    offences.append(
                        Offence(
                            path: file.path, line: declaration.line,
                            reason: "\(name) is a type of \(home) as well"))
                } else {
                    homes[name] = file.path
                }
            }
        }
        return offences
    }

    /// A predicate (`isOpen`, `hasRoom`) changes nothing; a function that changes something has a
    /// verb.
    static func predicates(_ file: SourceText) -> [Offence] {
        guard file.fileExtension == "swift" else { return [] }
        let tokens = file.tokens
        return tokens.indices.dropLast(2).compactMap { index in
            guard tokens[index].text == "mutating", tokens[index + 1].text == "func",
                asks(tokens[index + 2].text)
            else { return nil }
            return Offence(
                path: file.path, line: tokens[index].line,
                reason: "\(tokens[index + 2].text) is mutating: a predicate changes nothing")
        }
    }

    private static func asks(_ name: String) -> Bool {
        ["is", "has"].contains { word in
            name.hasPrefix(word) && name.dropFirst(word.count).first?.isUppercase == true
        }
    }
}
