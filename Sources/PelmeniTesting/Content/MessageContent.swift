internal import PelmeniCore

/// The messages of a test. The first bytes of a message are its identity, and its length and bytes
/// follow from it: salt 16, pair 7, answer 1, sender 16, sequence 24 bits.
enum MessageContent {
    /// Messages whose lengths are chosen together, so that some of them in a row can be a train.
    static let group = 16
    /// The places of a train in a group; the last message is shorter than the others.
    static let trainPlaces = 14

    /// Bytes at the start that carry the identity; a shorter message has none. With a delimiter
    /// each byte carries six bits, so that none of them is the delimiter.
    static func headerBytes(_ plan: SimulatedMessagePlan) -> Int { plan.delimiter == nil ? 8 : 11 }

    static func identity(
        salt: UInt16, pair: Int, isResponse: Bool, sender: Int, sequence: Int
    ) -> UInt64 {
        UInt64(sequence) << 40 | UInt64(sender) << 24 | (isResponse ? 0x80_0000 : 0)
            | UInt64(pair) << 16 | UInt64(salt)
    }

    static func salt(_ identity: UInt64) -> UInt16 { UInt16(truncatingIfNeeded: identity) }
    static func pair(_ identity: UInt64) -> Int { Int(identity >> 16 & 0x7f) }
    static func isResponse(_ identity: UInt64) -> Bool { identity & 0x80_0000 != 0 }
    static func sender(_ identity: UInt64) -> Int { Int(identity >> 24 & 0xffff) }
    static func sequence(_ identity: UInt64) -> Int { Int(identity >> 40) }

    /// The identity of a message that begins with these bytes, a header's number of them.
    static func identity(_ bytes: UnsafeRawPointer, _ plan: SimulatedMessagePlan) -> UInt64 {
        guard plan.delimiter != nil else { return bytes.loadUnaligned(as: UInt64.self) }
        var identity: UInt64 = 0
        for at in 0..<headerBytes(plan) {
            let six = UInt64(bytes.load(fromByteOffset: at, as: UInt8.self) & 0x3f)
            identity |= six << UInt64(6 * at)
        }
        return identity
    }

    /// The number that a driver tells two sessions of one client apart by.
    static func tag(_ identity: UInt64) -> UInt64 { UInt64(sequence(identity) & 1) }

    /// The same for a datagram, which may be too short for an identity.
    static func tag(_ bytes: UnsafeRawBufferPointer, _ plan: SimulatedMessagePlan) -> UInt64 {
        guard let start = bytes.baseAddress, bytes.count >= headerBytes(plan) else { return 0 }
        return tag(identity(start, plan))
    }

    private static func word(_ identity: UInt64) -> UInt64 {
        var word = (identity & ~(UInt64(group - 1) << 40)) &* 0x9e37_79b9_7f4a_7c15
        word ^= word >> 31
        word = word &* 0xd6e8_feb8_6659_fd93
        return word ^ word >> 32
    }

    /// Whether a stream sends the message, rather than a datagram socket.
    private static func isOfStream(_ identity: UInt64, _ plan: SimulatedMessagePlan) -> Bool {
        plan.kind == .framedStreams
            || plan.kind == (isResponse(identity) ? .datagramsToStream : .streamToDatagrams)
    }

    static func length(_ identity: UInt64, _ plan: SimulatedMessagePlan) -> Int {
        let sequence = sequence(identity)
        guard plan.lengths.isEmpty else { return plan.lengths[sequence % plan.lengths.count] }
        if case .fixed(let size) = plan.framing, isOfStream(identity, plan) { return size }
        let word = word(identity)
        let header = headerBytes(plan)
        let sizes = isResponse(identity) ? plan.answerSizes : plan.sizes
        let length = max(header, sizes[Int(word % UInt64(sizes.count))])
        return switch sequence & (group - 1) {
        case trainPlaces - 1: max(header, length / 2)
        case trainPlaces: plan.hasEmpty && word & 0x3_0000 != 0 ? 0 : header
        case trainPlaces + 1: header + Int(word >> 20 & 0x3ff)
        default: length
        }
    }

    /// Whether a datagram's last byte is the byte that ends a message on the stream: that byte is
    /// not written twice.
    static func endsMarked(_ identity: UInt64, _ length: Int, _ plan: SimulatedMessagePlan) -> Bool
    {
        plan.delimiter != nil && !isOfStream(identity, plan) && length > headerBytes(plan) + 1
            && sequence(identity) % 5 == 2
    }

    /// Whether a line ends in a carriage return, too.
    static func hasCarriageReturn(_ identity: UInt64) -> Bool { sequence(identity) % 3 == 1 }

    /// Writes a whole message.
    static func fill(
        _ target: UnsafeMutableRawPointer, identity: UInt64, length: Int,
        _ plan: SimulatedMessagePlan
    ) {
        FlowContent.fill(target, identity: identity, position: 0, count: length)
        guard let delimiter = plan.delimiter else { return }
        let other = plan.delimiter(ofClient: false) ?? delimiter
        let header = headerBytes(plan)
        for at in 0..<length {
            var byte = target.load(fromByteOffset: at, as: UInt8.self)
            if at < header {
                byte = UInt8(truncatingIfNeeded: identity >> UInt64(6 * at)) & 0x3f | 0x40
            } else if byte == delimiter || byte == other || (byte == 0x0d && at >= length - 2) {
                byte ^= 0x40
            } else if byte & 0x1f == 3 {
                // More carriage returns than chance would give: each may be half of a line's end.
                byte = 0x0d
            }
            if byte == 0x0d, at >= length - 2 { byte = 0x4d }
            target.storeBytes(
                of: byte == delimiter || byte == other ? byte ^ 0x40 : byte, toByteOffset: at,
                as: UInt8.self)
        }
        guard endsMarked(identity, length, plan) else { return }
        target.storeBytes(of: delimiter, toByteOffset: length - 1, as: UInt8.self)
    }

    /// The position of the first byte that is not the message's, or nil.
    static func firstDifference(
        _ bytes: UnsafeRawPointer, identity: UInt64, length: Int, _ plan: SimulatedMessagePlan
    ) -> Int? {
        guard plan.delimiter != nil else {
            return FlowContent.firstDifference(
                bytes, identity: identity, position: 0, count: length)
        }
        // One byte more, for a delimiter that the stream has removed.
        let wanted = UnsafeMutableRawPointer.allocate(byteCount: length + 1, alignment: 8)
        defer { wanted.deallocate() }
        fill(
            wanted, identity: identity,
            length: self.length(identity, plan) > length ? length + 1 : length, plan)
        return (0..<length).first {
            wanted.load(fromByteOffset: $0, as: UInt8.self)
                != bytes.load(fromByteOffset: $0, as: UInt8.self)
        }
    }
}
