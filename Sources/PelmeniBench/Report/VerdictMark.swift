/// A short comparison: a sign, the ratio and its interval.
enum VerdictMark {
    /// The meaning of the signs.
    static let legend = "▼\u{a0}better, ▲\u{a0}worse, ≈\u{a0}no\u{a0}difference"

    static func markup(_ comparison: Comparison) -> Markup {
        switch comparison.verdict {
        case .better: Markup("small", ["class": "better"], text: "▼ \(ratio(comparison))")
        case .worse: Markup("small", ["class": "worse"], text: "▲ \(ratio(comparison))")
        case .noDifference: Markup("small", text: "≈ \(ratio(comparison))")
        case .unknown: Markup("small", text: "cannot be told")
        }
    }

    /// In a narrow column the interval goes to a line of its own, unbroken.
    private static func ratio(_ comparison: Comparison) -> String {
        let words = ReportText.ratio(comparison).split(separator: " ")
        return words.prefix(1).joined() + " " + words.dropFirst().joined(separator: "\u{a0}")
    }
}
