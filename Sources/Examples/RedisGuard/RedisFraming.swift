internal import Pelmeni

/// Cuts a stream of Redis (RESP2 and RESP3) into commands and responses, each whole and with its
/// own marks, so that nothing is written around it.
struct RedisFraming: MessageFraming {
    let name = "redis"

    /// Registered once for the life of the process.
    static let framing = Framing.custom(CustomFraming(RedisFraming()))

    /// Bytes of the longest string: 512 MiB, as Redis has it. The pair's limit is lower.
    private static let numberMax: UInt64 = 512 << 20
    /// Values of one message.
    private static let valuesMax: UInt64 = 1 << 20

    /// A line at a time: it is a value, or the head of a string or of a list of values.
    func read(_ bytes: Span<UInt8>, _ state: inout FramingState) -> FramingStep {
        var line = RedisLine(state)
        var index = 0
        if !line.isBegun {
            line.begin(with: bytes[0])
            index = 1
        }
        var isEnd = line.isEmptyCommand
        while index < bytes.count, !isEnd {
            guard line.take(bytes[index], numberMax: Self.numberMax) else {
                return .bad("a length that is no number, or too long")
            }
            isEnd = bytes[index] == UInt8(ascii: "\n")
            index += 1
        }
        guard isEnd else {
            line.save(&state)
            return .payload(length: index, ends: false)
        }
        let string = line.end()
        guard line.valuesLeft <= Self.valuesMax else { return .bad("too many values") }
        line.save(&state)
        return .payload(length: index + string, ends: line.valuesLeft == 0)
    }

    func write(around payload: Span<UInt8>) -> FrameEnvelope? { FrameEnvelope() }
}

/// A line that is read, in the sixteen bytes that a framing has for a stream.
private struct RedisLine {
    /// Values of the message that are still to come, the one of this line too.
    private(set) var valuesLeft: UInt64
    private(set) var isBegun: Bool
    private var kind: UInt8
    private var isNull: Bool
    private var number: UInt64

    init(_ state: FramingState) {
        let word = state.lowWord
        // Zero is the beginning of a message.
        valuesLeft = max(1, word & 0xffff_ffff)
        kind = UInt8(truncatingIfNeeded: word >> 32)
        isBegun = word >> 40 & 1 != 0
        isNull = word >> 41 & 1 != 0
        number = state.highWord
    }

    func save(_ state: inout FramingState) {
        state.lowWord =
            valuesLeft | UInt64(kind) << 32 | (isBegun ? 1 << 40 : 0) | (isNull ? 1 << 41 : 0)
        state.highWord = number
    }

    mutating func begin(with byte: UInt8) {
        kind = byte
        isBegun = true
        isNull = false
        number = 0
    }

    /// A line feed alone.
    var isEmptyCommand: Bool { kind == UInt8(ascii: "\n") }

    private var hasNumber: Bool { Self.kinds.utf8.contains(kind) }
    /// Strings, then lists.
    private static let kinds = "$!=*~>%|"

    /// False for a byte that no number has.
    mutating func take(_ byte: UInt8, numberMax: UInt64) -> Bool {
        guard hasNumber else { return true }
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            number = number * 10 + UInt64(byte - UInt8(ascii: "0"))
            return number <= numberMax
        case UInt8(ascii: "-"):
            isNull = true
            return number == 0
        case UInt8(ascii: "\r"), UInt8(ascii: "\n"): return true
        default: return false
        }
    }

    /// Ends the line. Returns the bytes of the string behind it.
    mutating func end() -> Int {
        isBegun = false
        valuesLeft -= 1
        guard hasNumber, !isNull else { return 0 }
        switch kind {
        case UInt8(ascii: "$"), UInt8(ascii: "!"), UInt8(ascii: "="): return Int(number) + 2
        case UInt8(ascii: "%"): valuesLeft += 2 * number
        // An attribute stands before the value that it is about.
        case UInt8(ascii: "|"): valuesLeft += 2 * number + 1
        default: valuesLeft += number
        }
        return 0
    }
}
