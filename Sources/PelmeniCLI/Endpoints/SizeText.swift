/// Sizes on the command line: `4096`, `64k`, `256m`, `1g`, in powers of 1024.
enum SizeText {
    private static let units: [(name: String, bytes: Int)] = [
        ("", 1), ("k", 1 << 10), ("m", 1 << 20), ("g", 1 << 30),
    ]

    static func parse(_ text: String) throws(UsageError) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        guard !digits.isEmpty, let factor = units.first(where: { $0.name == unit })?.bytes else {
            throw UsageError("\"\(text)\" is not a size; write a number and k, m or g, as in 64k")
        }
        guard let number = Int(digits), number <= Int(Int64.max >> 16) / factor else {
            throw UsageError("\"\(text)\" is too large for a size")
        }
        return number * factor
    }

    /// In the largest unit that divides it.
    static func format(_ bytes: Int) -> String {
        guard bytes != 0, let unit = units.last(where: { bytes % $0.bytes == 0 }) else {
            return "\(bytes)"
        }
        return "\(bytes / unit.bytes)\(unit.name)"
    }
}
