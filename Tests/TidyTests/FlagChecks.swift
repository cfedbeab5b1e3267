import Foundation

/// The rule on option sets: within a type, no two flags are the same bit.
enum FlagChecks {
    static func distinctBits(_ file: SourceText) -> [Offence] {
        guard file.fileExtension == "swift" else { return [] }
        let tokens = file.tokens
        var scopes = [0]
        var opened = 0
        var seen: [String: String] = [:]
        var offences: [Offence] = []
        for index in tokens.indices {
            if tokens[index].text == "{" {
                opened += 1
                scopes.append(opened)
            }
            if tokens[index].text == "}", scopes.count > 1 { scopes.removeLast() }
            guard let flag = flag(tokens, at: index), let scope = scopes.last else { continue }
            let key = "\(scope) \(flag.type) \(flag.bit)"
            if let other = seen[key] {
                let reason = "\(flag.name) is the same bit as \(other)"
                offences.append(Offence(path: file.path, line: tokens[index].line, reason: reason))
            }
            seen[key] = flag.name
        }
        return offences
    }

    /// `static let NAME = TYPE(rawValue: 1 << BIT)`, with anything between the tokens.
    private static func flag(
        _ tokens: [CodeToken], at index: Int
    ) -> (name: String, type: String, bit: String)? {
        guard index + 12 < tokens.count, tokens[index].text == "static",
            tokens[index + 1].text == "let"
        else { return nil }
        let text = tokens[(index + 2)...(index + 12)].map(\.text).joined(separator: " ")
        let pattern = /^(\w+) = (\w+) \( rawValue : 1 < ?< (\d+) \)/
        guard let match = text.firstMatch(of: pattern) else { return nil }
        return (String(match.1), String(match.2), String(match.3))
    }
}
