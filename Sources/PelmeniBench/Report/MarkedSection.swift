/// A generated part of a page: the text between `<!-- NAME -->` and `<!-- /NAME -->`.
package struct MarkedSection: Sendable {
    /// Every figure, as a table.
    package static let figures = MarkedSection(name: "figures")
    /// One figure, as a sentence.
    package static let headline = MarkedSection(name: "figure")

    private let name: String

    package var begin: String { "<!-- \(name) -->" }
    package var end: String { "<!-- /\(name) -->" }

    /// The page with the text between its two markers; nil unless each marker occurs once, in
    /// order.
    package func filled(in page: String, with text: String) -> String? {
        let (begins, ends) = (page.ranges(of: begin), page.ranges(of: end))
        guard begins.count == 1, ends.count == 1,
            begins[0].upperBound <= ends[0].lowerBound
        else { return nil }
        return page[..<begins[0].upperBound] + "\n\n\(text)\n\n" + page[ends[0].lowerBound...]
    }
}
