internal import CPelmeni

/// What a pair's driver does with streams, beside the legs' rows: the bytes that its links have
/// left, and its connections without a session.
struct LinkTable {
    /// For each leg, bytes that its link still gives the peer; 0 without a counted link.
    private let lefts: UnsafeMutablePointer<UInt64>
    private let legs: Int
    /// The session of parked legs: a row that no client gets.
    let parkedSession: SessionID
    /// Parked legs.
    var parked = 0
    /// Parked legs, and those of them whose close is not complete.
    var open = 0

    /// Nil when memory runs out. Memory that no link touches is never used.
    init?(legs: Int, parkedSession: SessionID) {
        guard let memory = pelmeni_memory_map(Self.bytes(legs)) else { return nil }
        lefts = memory.bindMemory(to: UInt64.self, capacity: legs)
        self.legs = legs
        self.parkedSession = parkedSession
    }

    /// No copy of the table may be used afterwards.
    func destroy() { pelmeni_memory_unmap(lefts, Self.bytes(legs)) }

    private static func bytes(_ legs: Int) -> UInt64 {
        UInt64(legs * MemoryLayout<UInt64>.stride)
    }

    @inline(__always)
    func left(_ leg: LegID) -> UInt64 { lefts[Int(leg.rawValue)] }

    /// - Parameter bytes: `.max` is until the stream's end.
    func setLeft(_ leg: LegID, _ bytes: UInt64) { lefts[Int(leg.rawValue)] = bytes }

    /// Bytes of the link went to the peer.
    @inline(__always)
    func take(_ leg: LegID, _ bytes: Int) {
        let left = left(leg)
        guard left != 0, left != .max else { return }
        assert(UInt64(bytes) <= left, "a link gives no more than its bytes")
        setLeft(leg, left &- UInt64(truncatingIfNeeded: bytes))
    }
}
