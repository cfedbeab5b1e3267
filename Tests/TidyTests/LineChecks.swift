/// The rule on the length of a line.
enum LineChecks {
    /// Columns: the formatter's for Swift, code and comments alike; prototypes have their own.
    private static let columnsMost = ["swift": 100, "c": 120, "h": 120, "md": 160]
    private static let exempt = "Benchmarks/prototypes/"

    static func lineLength(_ file: SourceText) -> [Offence] {
        guard let most = columnsMost[file.fileExtension], !file.path.hasPrefix(exempt) else {
            return []
        }
        return columns(file).enumerated().compactMap { index, count in
            guard count > most else { return nil }
            return Offence(
                path: file.path, line: index + 1, reason: "\(count) columns, at most \(most)")
        }
    }

    private static let frontPage = "README.md"
    private static let frontPageMost = 120

    /// The front page is short, and a terminal shows each line of it whole, tables too.
    static func frontPage(_ file: SourceText) -> [Offence] {
        guard file.path == frontPage else { return [] }
        let lines = file.text.hasSuffix("\n") ? file.lines.dropLast() : file.lines[...]
        var offences = lines.enumerated().compactMap { index, line -> Offence? in
            guard line.count > frontPageMost else { return nil }
            return Offence(
                path: file.path, line: index + 1,
                reason: "\(line.count) columns, at most \(frontPageMost)")
        }
        if lines.count > frontPageMost {
            offences.append(
                Offence(
                    path: file.path, line: lines.count,
                    reason: "\(lines.count) lines, at most \(frontPageMost)"))
        }
        return offences
    }

    /// The counted columns of each line: a string literal does not count, nor does a table's row,
    /// which cannot be wrapped.
    private static func columns(_ file: SourceText) -> [Int] {
        guard !file.code.isEmpty else {
            return file.lines.map { $0.hasPrefix("|") || $0.hasPrefix("  |") ? 0 : $0.count }
        }
        let code = file.code.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return zip(file.lines, code).map { line, code in
            let text = line.drop { $0 == " " }
            guard !text.hasPrefix("/"), !text.hasPrefix("*") else { return line.count }
            guard !text.hasPrefix("\""), !text.hasPrefix("+ \"") else { return 0 }
            let end = code.lastIndex { $0 != UInt8(ascii: " ") }
            let columns = end.map { code.distance(from: code.startIndex, to: $0) + 1 } ?? 0
            return min(columns, line.count)
        }
    }
}
