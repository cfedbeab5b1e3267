/// Generated Markdown that looks like the typed lines around it.
enum MarkdownText {
    /// Wraps a paragraph or a list's entry at this many columns; a table's row stays one line.
    static func wrapped(_ text: String, columns: Int) -> [String] {
        guard !text.hasPrefix("|"), text.count > columns else { return [text] }
        let indent = text.hasPrefix("- ") ? "  " : ""
        var lines = [""]
        for word in text.split(separator: " ") {
            let last = lines[lines.count - 1]
            if last.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if last.count + 1 + word.count <= columns {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(indent + word)
            }
        }
        return lines
    }

    /// Removes characters that would end a cell or a line.
    static func clean(_ text: String) -> String {
        text.reduce(into: "") { clean, character in
            if character == "|" {
                clean += "\\|"
            } else {
                clean.append(character.isNewline ? " " : character)
            }
        }
    }

    /// The date and the machine of a report's figures.
    static func measured(_ report: BenchReport) -> String {
        let facts = Dictionary(
            MachineLines(report).lines.map { ($0.name, clean($0.text)) },
            uniquingKeysWith: { first, _ in first })
        let machine = [
            facts["processor"], facts["kernel"], facts["network"].map { "network: \($0)" },
            facts["placement"],
        ].compactMap(\.self)
        return "Measured \(clean(String(report.startedAt.prefix(10)))) on "
            + machine.joined(separator: "; ") + "."
    }
}
