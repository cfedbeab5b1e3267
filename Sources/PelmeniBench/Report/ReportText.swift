internal import PelmeniLoad

/// Figures with their units, the same in all forms of the report.
enum ReportText {
    static let none = "-"

    /// Three significant digits, below 1 too: `0.152`.
    static func number(_ value: Double?) -> String {
        guard let value, value.isFinite, value >= 0 else { return none }
        guard value > 0, value < 0.9995 else { return Figures.short(value) }
        return decimals(value, value < 0.00995 ? 4 : 3)
    }

    /// Enough digits for a coordinate, or a fixed number of decimals.
    static func decimals(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "0" }
        let scale = (0..<digits).reduce(1) { power, _ in power * 10 }
        let whole = Int((value * Double(scale)).rounded())
        let sign = whole < 0 ? "-" : ""
        guard digits > 0 else { return "\(whole)" }
        let fraction = String(whole.magnitude % UInt(scale))
        let zeros = String(repeating: "0", count: digits - fraction.count)
        return "\(sign)\(whole.magnitude / UInt(scale)).\(zeros)\(fraction)"
    }

    static func whole(_ value: Double?) -> String {
        guard let value, value.isFinite, abs(value) < 1e15 else { return none }
        return Figures.grouped(Int(value.rounded()))
    }

    static func time(nanoseconds: Double?) -> String {
        guard let nanoseconds, nanoseconds.isFinite, nanoseconds >= 0 else { return none }
        return Figures.time(nanoseconds: nanoseconds)
    }

    /// `816 B`, `2.10 KiB`, `61.3 MiB`.
    static func bytes(_ bytes: Double?) -> String {
        guard let bytes, bytes.isFinite, bytes >= 0 else { return none }
        switch bytes {
        case ..<1000: return "\(whole(bytes)) B"
        case ..<1_000_000: return "\(Figures.short(bytes / 1024)) KiB"
        case ..<1_000_000_000: return "\(Figures.short(bytes / 1_048_576)) MiB"
        default: return "\(Figures.short(bytes / 1_073_741_824)) GiB"
        }
    }

    static func percent(_ share: Double?) -> String {
        guard let share else { return none }
        return "\(decimals(share * 100, 1)) %"
    }

    /// `0.69 (0.67 to 0.71)`; a third digit where two would round an end to 1.00.
    static func ratio(_ it: Comparison) -> String {
        let isNearOne = [it.low, it.high].contains { abs($0 - 1) < 0.005 && $0 != 1 }
        let digits = isNearOne && it.verdict != .noDifference ? 3 : 2
        let parts = [it.ratio, it.low, it.high].map { decimals($0, digits) }
        return "\(parts[0]) (\(parts[1]) to \(parts[2]))"
    }

    /// `0-1, 3`.
    static func cores(_ cores: [Int]) -> String {
        var runs: [ClosedRange<Int>] = []
        for core in Set(cores).sorted() {
            if let last = runs.last, last.upperBound + 1 == core {
                runs[runs.count - 1] = last.lowerBound...core
            } else {
                runs.append(core...core)
            }
        }
        return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ", ")
    }

    /// Along an axis: `0`, `2.5`, `150k`, `1.2M`.
    static func tick(_ value: Double) -> String {
        guard value.isFinite else { return "" }
        switch abs(value) {
        case 1e6...: return trimmed(value / 1e6) + "M"
        case 1e4...: return trimmed(value / 1e3) + "k"
        default: return trimmed(value)
        }
    }

    /// Along an axis: `50 µs`, `1 ms`.
    static func timeTick(nanoseconds: Double) -> String {
        switch nanoseconds {
        case 0: "0"
        case ..<1e3: trimmed(nanoseconds) + " ns"
        case ..<1e6: trimmed(nanoseconds / 1e3) + " µs"
        case ..<1e9: trimmed(nanoseconds / 1e6) + " ms"
        default: trimmed(nanoseconds / 1e9) + " s"
        }
    }

    private static func trimmed(_ value: Double) -> String {
        var text = decimals(value, 3)
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return text.isEmpty ? "0" : text
    }
}
