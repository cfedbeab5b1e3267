/// The rules on lines and on single files.
enum TextChecks {
    static let linesMax = 500

    /// Folders whose executables may print.
    static let printingFolders: Set<String> = ["Examples", "PelmeniCLI"]

    // Built from parts, so that this file does not offend.
    static let fixWord = "FIX" + "ME"
    static let laterWord = "TO" + "DO"
    static let machinePaths = ["/" + "work/", "/" + "farm/"]

    /// Modules of which other programs are built.
    private static let libraries: Set<Substring> = [
        "PelmeniCore", "PelmeniRuntime", "Pelmeni", "PelmeniTesting", "PelmeniLogging",
        "PelmeniMetrics", "PelmeniServiceLifecycle",
    ]

    private static let codeFolders: Set<Substring> = ["Sources", "CSupport", "Tests"]

    static func fileLength(_ file: SourceText) -> [Offence] {
        guard let top = file.folders.first, codeFolders.contains(top), !file.code.isEmpty else {
            return []
        }
        let count = file.text.split(separator: "\n", omittingEmptySubsequences: false).count
        let lines = file.text.hasSuffix("\n") ? count - 1 : count
        guard lines > linesMax else { return [] }
        return [
            Offence(path: file.path, line: lines, reason: "\(lines) lines, at most \(linesMax)")
        ]
    }

    static func whitespace(_ file: SourceText) -> [Offence] {
        each(file) { line in
            if line.hasSuffix(" ") || line.hasSuffix("\t") || line.hasSuffix("\r") {
                return "white space at the end of the line"
            }
            return file.fileExtension == "swift" && line.contains("\t") ? "a tab" : nil
        }
    }

    static func openEnds(_ file: SourceText) -> [Offence] {
        each(file) { line in
            if line.contains(fixWord) { return "\(fixWord): mend it or open an issue" }
            for part in parts(of: line, after: laterWord) {
                let rest = part.drop { $0 == "(" || $0 == " " }
                if !rest.hasPrefix("#") || rest.dropFirst().first?.isNumber != true {
                    return "\(laterWord) without #number of an issue"
                }
            }
            return nil
        }
    }

    static func machinePath(_ file: SourceText) -> [Offence] {
        each(file) { line in
            machinePaths.first { line.contains($0) }.map { "\($0) is a path of one machine" }
        }
    }

    static func pageTitle(_ file: SourceText) -> [Offence] {
        guard file.fileExtension == "md",
            file.folders.first == "docs" || file.fileName == "README.md"
        else { return [] }
        var fenced = false
        var titles: [Int] = []
        for (index, line) in file.lines.enumerated() {
            let text = line.drop { $0 == " " }
            if text.hasPrefix("```") || text.hasPrefix("~~~") { fenced.toggle() }
            if !fenced, line.hasPrefix("# ") { titles.append(index + 1) }
        }
        guard titles.count != 1 else { return [] }
        let reason = titles.isEmpty ? "no `# ` title" : "\(titles.count) `# ` titles, one is right"
        return [Offence(path: file.path, line: titles.last ?? 1, reason: reason)]
    }

    static func printing(_ file: SourceText) -> [Offence] {
        guard file.folders.first == "Sources", file.fileExtension == "swift",
            file.folders.count > 1, !printingFolders.contains(String(file.folders[1]))
        else { return [] }
        let tokens = file.tokens
        return tokens.indices.dropLast().compactMap { index in
            guard tokens[index].text == "print", tokens[index + 1].text == "(" else { return nil }
            let before = index > 0 ? tokens[index - 1].text : ""
            guard before != "func" else { return nil }
            return Offence(
                path: file.path, line: tokens[index].line,
                reason: "print( outside the command and the examples: use the log sink")
        }
    }

    static func foundation(_ file: SourceText) -> [Offence] {
        guard file.fileExtension == "swift", file.folders.first == "Sources",
            file.folders.count > 1,
            libraries.contains(file.folders[1]) || file.folders[1] == "Examples",
            // Its JSON is Foundation's.
            file.folders.last != "HTTPRewriter"
        else { return [] }
        let tokens = file.tokens
        return tokens.indices.dropLast().compactMap { index in
            guard tokens[index].text == "import", tokens[index + 1].text.hasPrefix("Foundation")
            else { return nil }
            return Offence(
                path: file.path, line: tokens[index].line,
                reason: "import \(tokens[index + 1].text) in the library")
        }
    }

    static func kernelNames(_ file: SourceText) -> [Offence] {
        let homes = [
            "CSupport/", "Sources/PelmeniCore/Rings/Uring/", "Sources/PelmeniCore/Rings/Epoll/",
            "Benchmarks/prototypes/",
        ]
        guard !homes.contains(where: file.path.hasPrefix) else { return [] }
        return file.tokens.compactMap { token in
            guard ["EPOLL", "IORING_", "io_uring_"].contains(where: token.text.hasPrefix) else {
                return nil
            }
            return Offence(
                path: file.path, line: token.line,
                reason: "\(token.text) outside the shim and its two ring folders")
        }
    }

    /// An option as the command line has it, in a text of a library whose embedders know none.
    static func commandOptions(_ file: SourceText) -> [Offence] {
        guard file.fileExtension == "swift", file.folders.first == "Sources",
            file.folders.count > 1, libraries.contains(file.folders[1]),
            file.fileName != "OptionName.swift"
        else { return [] }
        return each(file) { line in
            guard !line.drop(while: \.isWhitespace).hasPrefix("//"),
                line.contains(/"[^"]*--[a-z]/)
            else { return nil }
            return "an option of the command: take its name from OptionName"
        }
    }

    private static func parts(of line: Substring, after word: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = line
        while let found = rest.firstRange(of: word) {
            rest = rest[found.upperBound...]
            parts.append(rest)
        }
        return parts
    }

    private static func each(_ file: SourceText, _ judge: (Substring) -> String?) -> [Offence] {
        file.lines.enumerated().compactMap { index, line in
            judge(line).map { Offence(path: file.path, line: index + 1, reason: $0) }
        }
    }
}
