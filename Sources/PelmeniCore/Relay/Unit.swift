internal import CPelmeni

/// What crosses from one side of a session to the other: a message, or a train of datagrams, where
/// its bytes lie.
///
/// Trivial, and without a lease: the caller that passes a unit on holds the block until the call
/// returns.
struct Unit {
    var block: BlockID
    var offset: UInt32
    var length: UInt32
    /// Bytes of each datagram of a train but the last; 0 is a single one.
    var segment: UInt16 = 0
    /// Bytes before the payload, and behind it, that may be overwritten: a frame's ends fit there.
    var headroom: UInt8 = 0
    var tailroom: UInt8 = 0
    var isToClient: Bool
    /// One datagram of a train.
    var isPart = false

    /// The payload of a block that is laid out as one of datagrams, and holds nothing else.
    @inline(__always)
    static func datagrams(
        _ block: BlockID, length: Int, segment: Int, isToClient: Bool
    ) -> Unit {
        Unit(
            block: block, offset: UInt32(PELMENI_DATAGRAM_PAYLOAD),
            length: UInt32(truncatingIfNeeded: length),
            segment: UInt16(truncatingIfNeeded: segment), headroom: UInt8(PELMENI_DATAGRAM_PAYLOAD),
            tailroom: .max, isToClient: isToClient)
    }

    @inline(__always)
    var isTrain: Bool { segment != 0 && length > UInt32(segment) }

    /// How many datagrams it is.
    @inline(__always)
    var count: Int { Self.count(Int(length), segment: Int(segment)) }

    @inline(__always)
    static func count(_ length: Int, segment: Int) -> Int {
        segment == 0 ? 1 : max(1, (length &+ segment &- 1) / segment)
    }

    /// The datagram of a train that begins at a byte of it. What stands around it is its
    /// neighbours'.
    @inline(__always)
    func datagram(at start: UInt32) -> Unit {
        Unit(
            block: block, offset: offset &+ start, length: min(UInt32(segment), length &- start),
            isToClient: isToClient, isPart: true)
    }
}
