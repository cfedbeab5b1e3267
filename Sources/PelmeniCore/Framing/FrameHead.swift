/// What is written around a payload, so that the other side finds it again.
package struct FrameHead: Sendable, Equatable {
    /// The most bytes that go before a payload: ten digits and a space.
    package static let countMax = 11

    private static let lineFeed: UInt8 = 0x0a
    private static let decimalMax = 9_999_999_999

    /// The bytes that go before, the first one lowest.
    private var low: UInt64 = 0
    private var high: UInt64 = 0
    /// How many bytes go before the payload.
    package private(set) var count = 0
    /// The byte that goes after the payload, if any.
    package private(set) var trailer: UInt8?

    /// What goes around a message of `payload` bytes. Nil when the framing has no way to write
    /// that length: above 65,535 for `u16be`, above 4,294,967,295 for `u32be`, 0 or more than ten
    /// digits for `octetCount` (RFC 6587, 3.4.1), another size than a `fixed` one, below 0.
    ///
    /// `endsWithDelimiter`: the payload's last byte is already what ends a message (a line feed,
    /// for `line`), which is not written twice. Other framings take no notice. A payload that has
    /// that byte elsewhere is read as several messages, and a `line` payload that ends in a
    /// carriage return is read without it.
    @inline(__always)
    package static func around(
        _ framing: Framing, payload: Int, endsWithDelimiter: Bool = false
    ) -> FrameHead? {
        guard payload >= 0 else { return nil }
        var head = FrameHead()
        switch framing {
        case .u16be:
            guard payload <= Int(UInt16.max) else { return nil }
            head.prependBinary(payload, width: 2)
        case .u32be:
            guard payload <= Int(UInt32.max) else { return nil }
            head.prependBinary(payload, width: 4)
        case .octetCount:
            guard payload > 0, payload <= Self.decimalMax else { return nil }
            head.prependDecimal(payload)
        case .line:
            if !endsWithDelimiter { head.trailer = Self.lineFeed }
        case .delimiter(let byte):
            if !endsWithDelimiter { head.trailer = byte }
        case .fixed(let size):
            guard payload == size, size > 0 else { return nil }
        case .raw, .eof:
            break
        }
        return head
    }

    private init() {}

    /// Writes `count` bytes and not one more.
    @inline(__always)
    package func write(to destination: UnsafeMutableRawPointer) {
        var at = 0
        while at < count {
            // A masking shift: of the high word, the bits above 64 do not count.
            let word = (at < 8 ? low : high) &>> UInt64(truncatingIfNeeded: at &* 8)
            destination.storeBytes(
                of: UInt8(truncatingIfNeeded: word), toByteOffset: at, as: UInt8.self)
            at &+= 1
        }
    }

    /// Puts a byte before those there are, `countMax` times at most.
    @inline(__always)
    private mutating func prepend(_ byte: UInt8) {
        high = high &<< 8 | low &>> 56
        low = low &<< 8 | UInt64(byte)
        count &+= 1
    }

    @inline(__always)
    private mutating func prependBinary(_ value: Int, width: Int) {
        var rest = value
        while count < width {
            prepend(UInt8(truncatingIfNeeded: rest))
            rest = rest &>> 8
        }
    }

    private mutating func prependDecimal(_ value: Int) {
        prepend(UInt8(ascii: " "))
        var rest = value
        while rest > 0 {
            prepend(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        }
    }
}
