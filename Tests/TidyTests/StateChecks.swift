/// The rules on types that hold state.
enum StateChecks {
    static let propertiesMost = 20

    /// Types with more, and their numbers: no type is added, and the numbers only fall.
    static let propertiesToday = [
        "MessageStream": 22,
        "SimulatedFaults": 24, "SimulatedKernel": 48, "SimulatedMessagePlan": 36,
        "SimulatedPeer": 22,
    ]

    /// Assertions in files of the state machine: the numbers only rise.
    static let assertionsToday: [String: Int] = {
        let files = [
            "Buffers/BufferPool": 3, "Buffers/RowQueue": 3, "Buffers/SendQueue": 3,
            "Legs/DescriptorReserve": 1, "Legs/DialQueue": 4, "Legs/LegRow": 7, "Legs/Legs": 5,
            "Legs/Legs+Closing": 5, "Legs/Legs+Connecting": 1, "Legs/Legs+Datagrams": 1,
            "Legs/Legs+Ends": 1, "Legs/Legs+Opening": 3, "Legs/Legs+Receiving": 1,
            "Legs/Legs+Sending": 1,
            "Legs/LinkTable": 1, "Legs/Legs+Links": 2, "Legs/Outcome": 1,
            "Legs/ReadScheduler": 2, "Legs/SessionRow": 1,
            "Protocols/PairDriverRow": 2, "Protocols/RestTable": 5,
            "Relay/CutQueue": 2, "Relay/Relay": 1, "Relay/Relay+DriverCommands": 2,
            "Relay/Relay+DriverLegs": 1, "Relay/Relay+Driving": 1, "Relay/Relay+Offering": 1,
            "Relay/Relay+Outcomes": 1, "Relay/Relay+PairCommands": 2,
            "Relay/Relay+PairDriving": 1,
            "Relay/ResponseQueue": 1,
        ]
        return Dictionary(
            uniqueKeysWithValues: files.map { ("Sources/PelmeniCore/\($0.key).swift", $0.value) })
    }()

    /// Stored properties of structs and classes.
    static func storedProperties(
        _ file: SourceText, today: [String: Int] = propertiesToday
    ) -> [Offence] {
        guard file.folders.first == "Sources", file.fileExtension == "swift" else { return [] }
        return types(file.tokens).compactMap { type in
            let most = max(propertiesMost, today[type.name] ?? 0)
            let reason: String
            if type.count > most {
                reason = "\(type.name) has \(type.count) stored properties, at most \(most)"
            } else if let before = today[type.name], type.count < before {
                reason = "\(type.name) has \(type.count) stored properties now: lower its number"
            } else {
                return nil
            }
            return Offence(path: file.path, line: type.line, reason: reason)
        }
    }

    static func assertions(
        _ files: [SourceText], today: [String: Int] = assertionsToday
    ) -> [Offence] {
        today.keys.sorted().compactMap { path in
            let least = today[path] ?? 0
            guard let file = files.first(where: { $0.path == path }) else {
                return Offence(path: path, line: 1, reason: "is not there: take its number along")
            }
            let count = countAssertions(file.tokens)
            guard count != least else { return nil }
            let reason =
                count < least
                ? "\(count) assertions, at least \(least)"
                : "\(count) assertions now: raise its number"
            return Offence(path: path, line: 1, reason: reason)
        }
    }

    private static func countAssertions(_ tokens: [CodeToken]) -> Int {
        let words: Set<String> = ["assert", "assertionFailure", "precondition"]
        return tokens.indices.dropLast().count { index in
            words.contains(tokens[index].text) && tokens[index + 1].text == "("
        }
    }

    private struct TypeSpan {
        var name: String
        var line: Int
        var count = 0
        /// The depth of the type's members.
        var depth: Int
    }

    /// Structs and classes with their stored properties.
    private static func types(_ tokens: [CodeToken]) -> [TypeSpan] {
        var found: [TypeSpan] = []
        var open: [TypeSpan] = []
        var pending: TypeSpan?
        var depth = 0
        for index in tokens.indices {
            let text = tokens[index].text
            switch text {
            case "struct", "class", "actor":
                let name = index + 1 < tokens.count ? tokens[index + 1] : tokens[index]
                guard name.isWord, name.text.first?.isUppercase == true else { break }
                pending = TypeSpan(name: name.text, line: name.line, depth: depth + 1)
            case "{":
                depth += 1
                if let type = pending, type.depth == depth { open.append(type) }
                pending = nil
            case "}":
                if let type = open.last, type.depth == depth { found.append(open.removeLast()) }
                depth -= 1
            case "var", "let":
                guard let type = open.indices.last, open[type].depth == depth,
                    isStored(tokens, index)
                else { break }
                open[type].count += 1
            default: break
            }
        }
        return found
    }

    /// Whether a `var` or `let` of a type stores: it is not static, and no brace stands for its
    /// value.
    private static func isStored(_ tokens: [CodeToken], _ index: Int) -> Bool {
        var before = index - 1
        while before >= 0, tokens[before].line == tokens[index].line {
            if tokens[before].text == "static" || tokens[before].text == "class" { return false }
            before -= 1
        }
        guard tokens[index].text == "var" else { return true }
        var depth = 0
        for token in tokens[(index + 1)...] {
            switch token.text {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "=" where depth == 0: return true
            case "{" where depth == 0: return false
            case "}" where depth == 0: return true
            default: if depth == 0, token.startsLine { return true }
            }
        }
        return true
    }
}
