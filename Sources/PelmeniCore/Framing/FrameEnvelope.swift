/// The bytes written around a payload, so that the other side finds it: up to 16 bytes before it,
/// and up to 8 after it.
public struct FrameEnvelope: Sendable, Equatable {
    /// The most bytes that go before a payload.
    public static let beforeMax = 16
    /// The most bytes that go after one.
    public static let afterMax = 8

    private static let lineFeed: UInt8 = 0x0a
    private static let decimalMax = 9_999_999_999

    /// The bytes before the payload, the first one lowest.
    private var low: UInt64 = 0
    private var high: UInt64 = 0
    /// The bytes after the payload, the first one lowest.
    private var tail: UInt64 = 0
    /// Bytes before the payload; below, after it.
    package private(set) var beforeCount = 0
    package private(set) var afterCount = 0
    /// Every byte had room.
    package private(set) var isWritable = true

    /// The bytes around the `count` bytes at `payload`. Nil when the framing cannot write them.
    @inline(__always)
    package static func around(
        _ framing: Framing, _ payload: UnsafeRawPointer, count: Int
    ) -> FrameEnvelope? {
        if case .custom(let framing) = framing {
            var envelope = FrameEnvelope()
            return framing.envelope(payload, count, &envelope) ? envelope : nil
        }
        return around(
            framing, payload: count, endsWithDelimiter: endsMessage(framing, payload, count))
    }

    /// Whether the payload already ends in the byte that ends a message.
    @inline(__always)
    private static func endsMessage(
        _ framing: Framing, _ payload: UnsafeRawPointer, _ count: Int
    ) -> Bool {
        guard count > 0 else { return false }
        let last = payload.load(fromByteOffset: count &- 1, as: UInt8.self)
        return switch framing {
        case .line: last == lineFeed
        case .delimiter(let byte): last == byte
        default: false
        }
    }

    /// The bytes around a message of `payload` bytes. Nil for a length that the framing cannot
    /// write: above 65,535 for `u16be`, above 4,294,967,295 for `u32be`, 0 or more than ten digits
    /// for `octetCount` and `syslog` (RFC 6587, 3.4.1), another size than that of `fixed`, below 0;
    /// and for a custom framing, which has to see the payload.
    ///
    /// `endsWithDelimiter`: the payload's last byte already ends a message (a line feed, for
    /// `line`), and is not written twice. Other framings ignore it. A payload with that byte
    /// elsewhere is read as several messages, and a `line` payload that ends in a carriage return
    /// is read without it.
    @inline(__always)
    package static func around(
        _ framing: Framing, payload: Int, endsWithDelimiter: Bool = false
    ) -> FrameEnvelope? {
        guard payload >= 0 else { return nil }
        var envelope = FrameEnvelope()
        switch framing {
        case .u16be:
            guard payload <= Int(UInt16.max) else { return nil }
            envelope.prependBinary(payload, width: 2)
        case .u32be:
            guard payload <= Int(UInt32.max) else { return nil }
            envelope.prependBinary(payload, width: 4)
        case .octetCount, .syslog:
            guard payload > 0, payload <= Self.decimalMax else { return nil }
            envelope.prependDecimal(payload)
        case .line:
            if !endsWithDelimiter { envelope.end(Self.lineFeed) }
        case .delimiter(let byte):
            if !endsWithDelimiter { envelope.end(byte) }
        case .fixed(let size):
            guard payload == size, size > 0 else { return nil }
        case .raw, .eof:
            break
        case .custom:
            return nil
        }
        return envelope
    }

    // MARK: Filled by a framing of the user's own

    /// No bytes around a payload yet.
    public init() {}

    /// Appends a byte to the bytes before the payload. The 17th makes the message unwritable.
    public mutating func putBefore(_ byte: UInt8) {
        guard beforeCount < Self.beforeMax else {
            isWritable = false
            return
        }
        if beforeCount < 8 {
            low |= UInt64(byte) << UInt64(beforeCount * 8)
        } else {
            high |= UInt64(byte) << UInt64(beforeCount * 8 - 64)
        }
        beforeCount += 1
    }

    /// Appends a number of `bytes` bytes before the payload, its lowest byte first. A larger number
    /// makes the message unwritable.
    public mutating func putBefore(lowFirst value: UInt64, bytes: Int) {
        guard fits(value, bytes) else { return }
        for index in 0..<bytes { putBefore(Self.byte(index, of: value)) }
    }

    /// Appends a number of `bytes` bytes before the payload, its highest byte first. A larger
    /// number makes the message unwritable.
    public mutating func putBefore(highFirst value: UInt64, bytes: Int) {
        guard fits(value, bytes) else { return }
        for index in (0..<bytes).reversed() { putBefore(Self.byte(index, of: value)) }
    }

    /// Appends a byte to the bytes after the payload. The 9th makes the message unwritable.
    public mutating func putAfter(_ byte: UInt8) {
        guard afterCount < Self.afterMax else {
            isWritable = false
            return
        }
        tail |= UInt64(byte) << UInt64(afterCount * 8)
        afterCount += 1
    }

    /// Appends a number of `bytes` bytes after the payload, its lowest byte first. A larger number
    /// makes the message unwritable.
    public mutating func putAfter(lowFirst value: UInt64, bytes: Int) {
        guard fits(value, bytes) else { return }
        for index in 0..<bytes { putAfter(Self.byte(index, of: value)) }
    }

    /// Appends a number of `bytes` bytes after the payload, its highest byte first. A larger number
    /// makes the message unwritable.
    public mutating func putAfter(highFirst value: UInt64, bytes: Int) {
        guard fits(value, bytes) else { return }
        for index in (0..<bytes).reversed() { putAfter(Self.byte(index, of: value)) }
    }

    private mutating func fits(_ value: UInt64, _ bytes: Int) -> Bool {
        // A shift by 64 bits or more leaves nothing.
        let isRoomy = (0...8).contains(bytes) && value >> UInt64(bytes * 8) == 0
        if !isRoomy { isWritable = false }
        return isRoomy
    }

    private static func byte(_ index: Int, of value: UInt64) -> UInt8 {
        UInt8(truncatingIfNeeded: value >> UInt64(index * 8))
    }

    // MARK: Written

    /// Writes exactly `beforeCount` bytes.
    @inline(__always)
    package func writeBefore(to destination: UnsafeMutableRawPointer) {
        var at = 0
        while at < beforeCount {
            // A masking shift: bits above 64 of the high word do not count.
            let word = (at < 8 ? low : high) &>> UInt64(truncatingIfNeeded: at &* 8)
            destination.storeBytes(
                of: UInt8(truncatingIfNeeded: word), toByteOffset: at, as: UInt8.self)
            at &+= 1
        }
    }

    /// Writes exactly `afterCount` bytes.
    @inline(__always)
    package func writeAfter(to destination: UnsafeMutableRawPointer) {
        var at = 0
        while at < afterCount {
            let word = tail &>> UInt64(truncatingIfNeeded: at &* 8)
            destination.storeBytes(
                of: UInt8(truncatingIfNeeded: word), toByteOffset: at, as: UInt8.self)
            at &+= 1
        }
    }

    /// Inserts a byte before all others, at most `beforeMax` times.
    @inline(__always)
    private mutating func prepend(_ byte: UInt8) {
        high = high &<< 8 | low &>> 56
        low = low &<< 8 | UInt64(byte)
        beforeCount &+= 1
    }

    @inline(__always)
    private mutating func end(_ byte: UInt8) {
        tail = UInt64(byte)
        afterCount = 1
    }

    @inline(__always)
    private mutating func prependBinary(_ value: Int, width: Int) {
        var rest = value
        while beforeCount < width {
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
