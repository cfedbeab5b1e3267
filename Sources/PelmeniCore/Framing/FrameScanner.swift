internal import Glibc

/// Finds the messages in a stream, window by window, and keeps no byte of them.
///
/// Each stream has a scanner of its own. The caller passes received bytes to `next`, removes
/// `consumed` bytes from their front, and calls again until none is left; at the end of the stream
/// it calls `end` once. A message within one window is one run. The messages and the error of a
/// stream do not depend on its windows (except for `raw`, where a window is a message).
///
/// Only payload bytes count towards `maxFrame`. A message may already have had runs when it turns
/// out to be too long.
package struct FrameScanner: Sendable {
    private static let lineFeed: UInt8 = 0x0a
    private static let carriageReturn: UInt8 = 0x0d
    private static let space: UInt8 = 0x20
    private static let digitsMax: UInt8 = 10

    private let framing: Framing
    /// Once set, the result of every further call.
    private var failure: FrameError?
    /// Bytes read of a message's length.
    private var headerBytes: UInt8 = 0
    /// The length is known, and `left` bytes of the message are to come.
    var isInPayload = false
    /// A run of a message has been handed on, but not its last run.
    private var hasBegun = false
    /// The last window ended in a carriage return that belongs to no run yet.
    private var holdsCarriageReturn = false
    let maxFrame: Int
    /// For a message with a length: the part of the length read so far, then the bytes to come.
    var left = 0
    /// For a message without a length: the payload bytes handed on, or announced by a custom
    /// framing. Never above `maxFrame`.
    var taken = 0
    /// State for a custom framing alone.
    var scan = CustomScan()

    /// `maxFrame`: the longest accepted payload, in bytes; a number below 0 is as 0.
    package init(_ framing: Framing, maxFrame: Int) {
        self.framing = framing
        self.maxFrame = max(0, maxFrame)
    }

    /// One step into the `count` received bytes at `bytes`. A failed stream stays failed, with all
    /// bytes consumed.
    package mutating func next(_ bytes: UnsafeRawPointer, count: Int) -> ScanStep {
        if let failure { return .bad(failure, consumed: max(0, count)) }
        guard count > 0 else { return .needsMore(consumed: 0) }
        switch framing {
        case .u16be: return binary(bytes, count, width: 2)
        case .u32be: return binary(bytes, count, width: 4)
        case .octetCount: return decimal(bytes, count)
        case .syslog: return syslog(bytes, count)
        case .fixed(let size): return fixed(size, count)
        case .line: return line(bytes, count)
        case .delimiter(let byte): return delimited(bytes, count, by: byte)
        case .raw: return raw(count)
        case .eof: return whole(count)
        case .custom(let framing): return custom(framing, bytes, count)
        }
    }

    /// The result when the stream has ended, after its last window is consumed. A last line, or
    /// last message before a delimiter, counts without its end; an empty `eof` stream is no
    /// message. The scanner is then as new, unless the stream failed.
    package mutating func end() -> FrameEnd {
        if let failure { return .bad(failure) }
        switch framing {
        case .u16be, .u32be, .octetCount, .fixed:
            return isCounted ? endShort() : .clean
        case .syslog:
            return isCounted ? endShort() : endOpen()
        case .raw:
            return .clean
        case .line, .delimiter, .eof:
            return endOpen()
        case .custom(let framing):
            guard hasBegun || scan.marks > 0 else { return .clean }
            if framing.endsWithStream, hasBegun, !isInPayload { return endOpen() }
            return endShort()
        }
    }

    /// A message with a length has begun.
    private var isCounted: Bool { headerBytes > 0 || isInPayload }

    private mutating func endShort() -> FrameEnd {
        failure = .cutShort
        return .bad(.cutShort)
    }

    /// The number that a worker reports for a failed stream; 0 before.
    package var report: Int32 { failure?.report(reason: scan.reason) ?? 0 }

    /// The end of a message whose length only the end of the stream determines.
    private mutating func endOpen() -> FrameEnd {
        let isHeld = holdsCarriageReturn
        guard hasBegun || isHeld else { return .clean }
        // No line feed followed, so the carriage return is payload.
        if isHeld, taken == maxFrame {
            failure = .tooLong
            return .bad(.tooLong)
        }
        let begins = !hasBegun
        startOver()
        return .message(begins: begins, heldCarriageReturn: isHeld)
    }

    private mutating func binary(
        _ bytes: UnsafeRawPointer, _ count: Int, width: UInt8
    ) -> ScanStep {
        var at = 0
        if !isInPayload {
            while headerBytes < width {
                guard at < count else { return .needsMore(consumed: count) }
                left = left << 8 | Int(Self.byte(bytes, at))
                at &+= 1
                headerBytes &+= 1
            }
            guard left <= maxFrame else { return fail(.tooLong, count) }
            isInPayload = true
        }
        return payload(from: at, count)
    }

    private mutating func decimal(_ bytes: UnsafeRawPointer, _ count: Int) -> ScanStep {
        var at = 0
        while !isInPayload {
            guard at < count else { return .needsMore(consumed: count) }
            let byte = Self.byte(bytes, at)
            at &+= 1
            if byte == Self.space, headerBytes > 0 {
                // Checked after all digits, so that too many digits are an invalid length, whatever
                // their value.
                guard left <= maxFrame else { return fail(.tooLong, count) }
                isInPayload = true
            } else {
                let digit = byte &- UInt8(ascii: "0")
                guard digit <= 9, headerBytes < Self.digitsMax, digit > 0 || headerBytes > 0
                else { return fail(.notALength, count) }
                // No overflow: at most ten digits.
                left = left &* 10 &+ Int(digit)
                headerBytes &+= 1
            }
        }
        return payload(from: at, count)
    }

    /// A message's first byte tells its form; after that the state does.
    private mutating func syslog(_ bytes: UnsafeRawPointer, _ count: Int) -> ScanStep {
        guard !isCounted else { return decimal(bytes, count) }
        guard !hasBegun, !holdsCarriageReturn else { return line(bytes, count) }
        var start = 0
        while start < count, Self.isLineEnd(Self.byte(bytes, start)) { start &+= 1 }
        guard start < count else { return .needsMore(consumed: count) }
        let rest = count &- start
        return switch Self.byte(bytes, start) {
        case UInt8(ascii: "1")...UInt8(ascii: "9"):
            decimal(bytes + start, rest).moved(by: start)
        case UInt8(ascii: "0"), 0..<0x09, 0x0a..<0x20: fail(.neitherLengthNorText, count)
        default: line(bytes + start, rest).moved(by: start)
        }
    }

    /// Some senders end a counted message with a line feed too.
    @inline(__always)
    private static func isLineEnd(_ byte: UInt8) -> Bool {
        byte == lineFeed || byte == carriageReturn
    }

    private mutating func fixed(_ size: Int, _ count: Int) -> ScanStep {
        if !isInPayload {
            // A size below 1 has no name: it would yield empty messages for ever.
            guard size > 0 else { return fail(.notALength, count) }
            guard size <= maxFrame else { return fail(.tooLong, count) }
            left = size
            isInPayload = true
        }
        return payload(from: 0, count)
    }

    /// The part of the `left` bytes that the window has, after a header of `start` bytes.
    @inline(__always)
    private mutating func payload(from start: Int, _ count: Int) -> ScanStep {
        let length = min(left, count &- start)
        guard length > 0 || left == 0 else { return .needsMore(consumed: count) }
        left &-= length
        return run(start, length, consumed: start &+ length, ends: left == 0)
    }

    private mutating func line(_ bytes: UnsafeRawPointer, _ count: Int) -> ScanStep {
        let found = Self.find(Self.lineFeed, bytes, count)
        let isEnd = found < count
        // A line feed at the window's front makes the held carriage return part of the line's end.
        let isHeldPayload = holdsCarriageReturn && found > 0
        let isReturn = found > 0 && Self.byte(bytes, found &- 1) == Self.carriageReturn
        let length = isReturn ? found &- 1 : found
        let added = isHeldPayload ? length &+ 1 : length
        guard added <= maxFrame &- taken else { return fail(.tooLong, count) }
        taken &+= added
        holdsCarriageReturn = isReturn && !isEnd
        guard isEnd || added > 0 else { return .needsMore(consumed: count) }
        return run(
            0, length, consumed: isEnd ? found &+ 1 : count, ends: isEnd,
            heldCarriageReturn: isHeldPayload)
    }

    private mutating func delimited(
        _ bytes: UnsafeRawPointer, _ count: Int, by delimiter: UInt8
    ) -> ScanStep {
        let length = Self.find(delimiter, bytes, count)
        guard length <= maxFrame &- taken else { return fail(.tooLong, count) }
        taken &+= length
        let isEnd = length < count
        return run(0, length, consumed: isEnd ? length &+ 1 : count, ends: isEnd)
    }

    @inline(__always)
    private mutating func raw(_ count: Int) -> ScanStep {
        guard count <= maxFrame else { return fail(.tooLong, count) }
        return run(0, count, consumed: count, ends: true)
    }

    @inline(__always)
    private mutating func whole(_ count: Int) -> ScanStep {
        guard count <= maxFrame &- taken else { return fail(.tooLong, count) }
        taken &+= count
        return run(0, count, consumed: count, ends: false)
    }

    @inline(__always)
    mutating func run(
        _ start: Int, _ length: Int, consumed: Int, ends: Bool, heldCarriageReturn: Bool = false
    ) -> ScanStep {
        let begins = !hasBegun
        if ends { startOver() } else { hasBegun = true }
        return .run(
            start, length, consumed: consumed, begins: begins, ends: ends,
            heldCarriageReturn: heldCarriageReturn)
    }

    @inline(__always)
    private mutating func startOver() {
        headerBytes = 0
        isInPayload = false
        hasBegun = false
        holdsCarriageReturn = false
        left = 0
        taken = 0
        scan = CustomScan()
    }

    @inline(__always)
    mutating func fail(_ error: FrameError, _ count: Int) -> ScanStep {
        failure = error
        return .bad(error, consumed: count)
    }

    @inline(__always)
    private static func byte(_ bytes: UnsafeRawPointer, _ at: Int) -> UInt8 {
        bytes.load(fromByteOffset: at, as: UInt8.self)
    }

    /// The index of the first `byte`, or `count`.
    @inline(__always)
    private static func find(_ byte: UInt8, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
        guard let found = memchr(bytes, Int32(byte), count) else { return count }
        return UnsafeRawPointer(found) - bytes
    }
}
