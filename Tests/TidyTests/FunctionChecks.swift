/// The rule that a function fits on a screen.
enum FunctionChecks {
    static let linesMax = 70

    static func functionLength(_ file: SourceText) -> [Offence] {
        guard let top = file.folders.first, ["Sources", "CSupport", "Tests"].contains(top) else {
            return []
        }
        let spans = file.fileExtension == "swift" ? swiftSpans(file.tokens) : cSpans(file.tokens)
        return spans.compactMap { span in
            let lines = span.last - span.first + 1
            guard lines > linesMax else { return nil }
            return Offence(
                path: file.path, line: span.first,
                reason: "\(span.name) has \(lines) lines, at most \(linesMax)")
        }
    }

    /// A function's name, and the lines of its declaration and of its closing brace.
    struct Span: Equatable {
        let name: String
        let first: Int
        let last: Int
    }

    static func swiftSpans(_ tokens: [CodeToken]) -> [Span] {
        var spans: [Span] = []
        for index in tokens.indices {
            guard let name = declaredName(tokens, index),
                let open = bodyStart(tokens, after: index),
                let close = closingBrace(tokens, from: open)
            else { continue }
            spans.append(
                Span(name: name, first: tokens[index].line, last: tokens[close].line))
        }
        return spans
    }

    private static func declaredName(_ tokens: [CodeToken], _ index: Int) -> String? {
        let before = index > 0 ? tokens[index - 1].text : ""
        let word = tokens[index].text
        guard index + 1 < tokens.count, before != ".", before != "`" else { return nil }
        switch word {
        case "func": return tokens[index + 1].text
        case "init": return ["(", "?", "<"].contains(tokens[index + 1].text) ? word : nil
        case "deinit", "subscript": return word
        default: return nil
        }
    }

    /// The brace that opens the body, unless the declaration is only a requirement.
    private static func bodyStart(_ tokens: [CodeToken], after declaration: Int) -> Int? {
        let words: Set<String> = [
            "func", "init", "deinit", "subscript", "var", "let", "static", "associatedtype",
            "mutating", "nonmutating", "typealias", "case", "class", "struct", "enum", "protocol",
            "extension", "public", "package", "internal", "private", "fileprivate",
        ]
        var depth = 0
        for index in tokens.indices.dropFirst(declaration + 1) {
            let token = tokens[index]
            switch token.text {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "{" where depth == 0: return index
            case "}" where depth == 0: return nil
            case "@" where depth == 0 && token.startsLine: return nil
            default:
                if depth == 0, token.startsLine, words.contains(token.text) { return nil }
            }
            if depth < 0 { return nil }
        }
        return nil
    }

    private static func closingBrace(_ tokens: [CodeToken], from open: Int) -> Int? {
        var depth = 0
        for index in tokens.indices.dropFirst(open) {
            if tokens[index].text == "{" { depth += 1 }
            if tokens[index].text == "}" { depth -= 1 }
            if depth == 0 { return index }
        }
        return nil
    }

    /// In C a body is a brace at the file's level that follows a parenthesis.
    static func cSpans(_ tokens: [CodeToken]) -> [Span] {
        var spans: [Span] = []
        var index = 0
        var name = ""
        while index < tokens.count {
            if tokens[index].text == "(", index > 0, tokens[index - 1].isWord {
                name = tokens[index - 1].text
            }
            if tokens[index].text == "{", let close = closingBrace(tokens, from: index) {
                if index > 0, tokens[index - 1].text == ")" {
                    spans.append(
                        Span(name: name, first: tokens[index].line, last: tokens[close].line))
                }
                index = close
            }
            index += 1
        }
        return spans
    }
}
