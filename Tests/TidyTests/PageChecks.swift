/// The rules on pages.
enum PageChecks {
    private static let index = "docs/README.md"

    /// Every page of `docs` is in the index, and every page that the index names is there.
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

    /// Targets of links to pages, `[text](page.md)`.
    private static func links(_ file: SourceText) -> [(page: String, line: Int)] {
        file.lines.enumerated().flatMap { index, line in
            line.split(separator: "](").dropFirst().compactMap { rest in
                guard let end = rest.firstIndex(of: ")") else { return nil }
                let page = String(rest[..<end])
                return page.hasSuffix(".md") ? (page, index + 1) : nil
            }
        }
    }
}
