import Pelmeni

/// Durations on the command line: `500ms`, `30s`, `5m`, `1h`.
enum DurationText {
    private static let most = EngineCheck.durationMax.components.seconds * 1_000
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000),
    ]

    /// Zero is a duration too; the caller decides whether it is valid.
    static func parse(_ text: String) throws(UsageError) -> Duration {
        try parse(text, valid: "at most 8760h, a year")
    }

    /// - Parameter valid: what to write instead of one that is too long.
    static func parse(_ text: String, valid: String) throws(UsageError) -> Duration {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        guard !digits.isEmpty, let factor = units.first(where: { $0.name == unit })?.milliseconds
        else {
            throw UsageError(
                "\"\(text)\" is not a duration; write a number and ms, s, m or h, as in 30s")
        }
        guard let number = Int64(digits), number <= most / factor else {
            throw UsageError("\"\(text)\" is too long; \(valid)")
        }
        return .milliseconds(number * factor)
    }

    /// In the largest unit that divides it.
    static func format(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        let unit = units.last { milliseconds != 0 && milliseconds % $0.milliseconds == 0 }
        guard let unit else { return "\(milliseconds)ms" }
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }

    /// `none` for a timeout that is off.
    static func format(_ duration: Duration?) -> String {
        guard let duration else { return "none" }
        return format(duration)
    }
}
