internal import CPelmeni

/// A message, or a train of datagrams, that crosses a session; its bytes stay in their block.
///
/// Trivial, and without a lease: the caller holds the block until the call returns.
struct Unit {
    var block: BlockID
    var offset: UInt32
    var length: UInt32
    /// Bytes of each datagram of a train but the last; 0 is a single datagram.
    var segment: UInt16 = 0
    /// Bytes before and behind the payload that may be overwritten by the ends of a frame.
    var headroom: UInt8 = 0
    var tailroom: UInt8 = 0
    var isToClient: Bool
    /// One datagram of a train.
    var isPart = false

    /// The payload of a datagram block that holds nothing else.
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

    /// The number of datagrams.
    @inline(__always)
    var count: Int { Self.count(Int(length), segment: Int(segment)) }

    @inline(__always)
    static func count(_ length: Int, segment: Int) -> Int {
        segment == 0 ? 1 : max(1, (length &+ segment &- 1) / segment)
    }

    /// The datagram that begins at a byte of a train. The bytes around it are its neighbours'.
    @inline(__always)
    func datagram(at start: UInt32) -> Unit {
        Unit(
            block: block, offset: offset &+ start, length: min(UInt32(segment), length &- start),
            isToClient: isToClient, isPart: true)
    }
}
