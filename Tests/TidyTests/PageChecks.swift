/// The rules on pages.
enum PageChecks {
    private static let index = "docs/README.md"

    /// Every page of `docs` is in the index, and every page of the index exists.
    static func indexed(_ files: [SourceText]) -> [Offence] {
        guard let index = files.first(where: { $0.path == index }) else {
            return [Offence(path: index, line: 1, reason: "there is no index of the pages")]
        }
        let pages = Set(
            files.filter { $0.path.hasPrefix("docs/") && $0.fileExtension == "md" }
                .map { String($0.path.dropFirst("docs/".count)) })
        let links = links(index)
        let absent = pages.subtracting(links.map(\.page)).subtracting([String(index.fileName)])
        let missing = absent.sorted().map { page in
            Offence(
                path: "docs/\(page)", line: 1, reason: "the index \(index.path) has no link here")
        }
        let dead = links.filter { !$0.page.hasPrefix("..") && !pages.contains($0.page) }
        return missing
            + dead.map { Offence(path: index.path, line: $0.line, reason: "no page \($0.page)") }
    }

    /// A link of a page leads to a file or a folder of the repository, and its `#part` to a heading
    /// of that page.
    static func deadLinks(_ files: [SourceText]) -> [Offence] {
        let texts = Dictionary(files.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        var paths = Set(texts.keys)
        for file in files {
            for count in file.folders.indices.dropFirst() + [file.folders.count] {
                paths.insert(file.folders.prefix(count).joined(separator: "/"))
            }
        }
        return files.filter { $0.fileExtension == "md" }.flatMap { page in
            targets(page).compactMap { target, line in
                guard !target.contains(":") else { return nil }
                let parts = target.split(
                    separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
                let path = parts[0].isEmpty ? page.path : resolved(parts[0], from: page)
                guard let path, paths.contains(path) else {
                    return Offence(path: page.path, line: line, reason: "no file \(target)")
                }
                guard parts.count == 2, let text = texts[path],
                    !headings(text).contains(String(parts[1]))
                else { return nil }
                return Offence(path: page.path, line: line, reason: "no heading \(target)")
            }
        }
    }

    /// The guide lists each name of a metric, and no other.
    static func metricNames(_ files: [SourceText]) -> [Offence] {
        let source = "Sources/PelmeniMetrics/MetricName.swift"
        let guide = "docs/guide/embedding.md"
        func names(_ path: String, _ pattern: Regex<(Substring, Substring)>) -> Set<Substring> {
            let text = files.first { $0.path == path }?.text ?? ""
            return Set(text.matches(of: pattern).map(\.1))
        }
        let published = names(source, /"(pelmeni_[a-z_]+)"/)
        let listed = names(guide, /`(pelmeni_[a-z_]+)`/)
        return published.subtracting(listed).sorted().map {
            Offence(path: guide, line: 1, reason: "the metric \($0) is missing")
        }
            + listed.subtracting(published).sorted().map {
                Offence(path: guide, line: 1, reason: "no metric is called \($0)")
            }
    }

    /// Pages whose Swift stands in programs that are compiled and run.
    private static let quoting: Set<String> = [
        "docs/guide/bridges.md", "docs/guide/custom-protocols.md", "docs/guide/embedding.md",
        "docs/guide/hooks.md", "docs/guide/http.md", "docs/guide/migrating.md",
        "docs/guide/testing-your-own.md",
        "Sources/Pelmeni/Pelmeni.docc/Pelmeni.md",
    ]
    private static let quoted = [
        "Sources/Examples/", "Tests/Embedder/Sources/", "Tests/PelmeniTestingTests/",
        "Tests/PelmeniTests/Original/", "Tests/PelmeniTests/Support/MarkedLength.swift",
        "Tests/PelmeniTests/CustomFramingTests.swift", "Tests/PelmeniHTTPTests/GuideTests.swift",
        "Tests/PelmeniICMPTests/",
    ]

    /// Each Swift block of such a page is a run of lines of one program, but for their indentation
    /// and for imports in front.
    static func quotedCode(_ files: [SourceText]) -> [Offence] {
        let programs = files.filter { file in
            file.fileExtension == "swift" && quoted.contains(where: file.path.hasPrefix)
        }.map { unindented($0.lines) }
        return files.filter { quoting.contains($0.path) }.flatMap { page in
            swiftBlocks(page).compactMap { block in
                let code = unindented(
                    Array(block.lines.drop { $0.isEmpty || $0.hasPrefix("import ") }))
                guard !programs.contains(where: { $0.contains(code) }) else { return nil }
                return Offence(
                    path: page.path, line: block.line, reason: "no example has this code")
            }
        }
    }

    private static func unindented(_ lines: [Substring]) -> String {
        "\n" + lines.map { $0.drop { $0 == " " } }.joined(separator: "\n") + "\n"
    }

    /// The Swift blocks of a page, each with the number of its first line.
    private static func swiftBlocks(_ page: SourceText) -> [(lines: [Substring], line: Int)] {
        var blocks: [(lines: [Substring], line: Int)] = []
        var start: Int?
        for (index, line) in page.lines.enumerated() {
            if let first = start, line == "```" {
                blocks.append((Array(page.lines[first..<index]), first + 1))
                start = nil
            } else if line == "```swift" {
                start = index + 1
            }
        }
        return blocks
    }

    /// Targets of links to pages, `[text](page.md)`.
    private static func links(_ file: SourceText) -> [(page: String, line: Int)] {
        targets(file).filter { $0.target.hasSuffix(".md") }.map { ($0.target, $0.line) }
    }

    /// Targets of all links outside code.
    private static func targets(_ file: SourceText) -> [(target: String, line: Int)] {
        prose(file).flatMap { text, line in
            text.split(separator: "](", omittingEmptySubsequences: false).dropFirst().compactMap {
                rest in
                rest.firstIndex(of: ")").map { (String(rest[..<$0]), line) }
            }
        }
    }

    /// A page's lines with their numbers, without code blocks and code spans.
    private static func prose(_ file: SourceText) -> [(text: String, line: Int)] {
        var isFenced = false
        return file.lines.enumerated().compactMap { index, line in
            if line.drop(while: { $0 == " " }).hasPrefix("```") {
                isFenced.toggle()
                return nil
            }
            guard !isFenced else { return nil }
            let spans = line.split(separator: "`", omittingEmptySubsequences: false)
            let text = spans.indices.filter { $0.isMultiple(of: 2) }.map { spans[$0] }.joined()
            return (text, index + 1)
        }
    }

    /// Headings in the form of a link: lower case, hyphens for spaces, no other punctuation.
    private static func headings(_ file: SourceText) -> Set<String> {
        var isFenced = false
        var headings: Set<String> = []
        for line in file.lines {
            if line.hasPrefix("```") { isFenced.toggle() }
            guard !isFenced, line.hasPrefix("#") else { continue }
            let text = line.drop { $0 == "#" }.dropFirst().lowercased()
            headings.insert(
                String(
                    text.compactMap { character -> Character? in
                        if character == " " { return "-" }
                        let isKept =
                            character.isLetter || character.isNumber || "-_".contains(character)
                        return isKept ? character : nil
                    }))
        }
        return headings
    }

    /// The path of a link's target from the root; nil where it leaves the repository.
    private static func resolved(_ target: Substring, from page: SourceText) -> String? {
        var folders = page.folders
        for part in target.split(separator: "/") where part != "." {
            guard part == ".." else {
                folders.append(part)
                continue
            }
            guard folders.popLast() != nil else { return nil }
        }
        return folders.joined(separator: "/")
    }
}
