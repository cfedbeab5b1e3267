/// Numbers for a reader.
package enum Figures {
    /// Three significant digits: `8.12`, `81.2`, `812`, `8,120`.
    package static func short(_ value: Double) -> String {
        guard value.isFinite, value >= 0, value < 1e18 else { return "-" }
        // 9.996 shows as 10.0, not as 10.00.
        let digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
        let scale = digits == 2 ? 100 : digits == 1 ? 10 : 1
        let whole = Int((value * Double(scale)).rounded())
        guard digits > 0 else { return grouped(whole) }
        let fraction = String(whole % scale)
        let zeros = String(repeating: "0", count: digits - fraction.count)
        return "\(whole / scale).\(zeros)\(fraction)"
    }

    /// `1,234,567`.
    package static func grouped(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var text = value < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }

    /// `81.2 µs`, `8.12 ms`, `2.00 s`.
    package static func time(nanoseconds: Double) -> String {
        switch nanoseconds {
        case ..<999_500: "\(short(nanoseconds / 1e3)) µs"
        case ..<999_500_000: "\(short(nanoseconds / 1e6)) ms"
        default: "\(short(nanoseconds / 1e9)) s"
        }
    }

    /// `81.2 MB/s`, `2.31 GB/s`.
    package static func rate(bytesPerSecond: Double) -> String {
        bytesPerSecond < 999.5e6
            ? "\(short(bytesPerSecond / 1e6)) MB/s" : "\(short(bytesPerSecond / 1e9)) GB/s"
    }
}
