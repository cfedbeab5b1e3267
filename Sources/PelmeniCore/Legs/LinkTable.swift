internal import CPelmeni

/// What a pair's driver does with streams, beside the legs' rows: the bytes that its links have
/// left, and its connections without a session.
struct LinkTable {
    /// For each leg, bytes that its link still gives the peer; 0 without a counted link.
    private let lefts: UnsafeMutablePointer<UInt64>
    private let legs: Int
    /// For each session, bytes that the links of both directions have given.
    private let given: UnsafeMutablePointer<LinkedBytes>
    private let sessions: Int
    /// The session of parked legs: a row that no client gets.
    let parkedSession: SessionID
    /// Parked legs.
    var parked = 0
    /// Parked legs, and those of them whose close is not complete.
    var open = 0

    /// Nil when memory runs out. Memory that no link touches is never used.
    init?(legs: Int, parkedSession: SessionID) {
        guard let memory = pelmeni_memory_map(Self.bytes(legs)) else { return nil }
        let sessions = Int(parkedSession.rawValue) + 1
        guard let counts = pelmeni_memory_map(Self.countBytes(sessions)) else {
            pelmeni_memory_unmap(memory, Self.bytes(legs))
            return nil
        }
        lefts = memory.bindMemory(to: UInt64.self, capacity: legs)
        self.legs = legs
        given = counts.bindMemory(to: LinkedBytes.self, capacity: sessions)
        self.sessions = sessions
        self.parkedSession = parkedSession
    }

    /// No copy of the table may be used afterwards.
    func destroy() {
        pelmeni_memory_unmap(lefts, Self.bytes(legs))
        pelmeni_memory_unmap(given, Self.countBytes(sessions))
    }

    private static func bytes(_ legs: Int) -> UInt64 {
        UInt64(legs * MemoryLayout<UInt64>.stride)
    }

    private static func countBytes(_ sessions: Int) -> UInt64 {
        UInt64(sessions * MemoryLayout<LinkedBytes>.stride)
    }

    /// Bytes that the links of a session have given so far.
    @inline(__always)
    func given(_ session: SessionID) -> LinkedBytes { given[Int(session.rawValue)] }

    /// A session opens. Memory that no link touched stays untouched: a write would cost it.
    func clearGiven(_ session: SessionID) {
        let row = given + Int(session.rawValue)
        guard row.pointee.fromClient | row.pointee.fromUpstream != 0 else { return }
        row.pointee = LinkedBytes()
    }

    /// A link gave bytes.
    @inline(__always)
    func give(_ session: SessionID, _ bytes: UInt64, isOfClient: Bool) {
        guard bytes > 0 else { return }
        let row = given + Int(session.rawValue)
        if isOfClient {
            row.pointee.fromClient &+= bytes
        } else {
            row.pointee.fromUpstream &+= bytes
        }
    }

    @inline(__always)
    func left(_ leg: LegID) -> UInt64 { lefts[Int(leg.rawValue)] }

    /// - Parameter bytes: `.max` is until the stream's end.
    func setLeft(_ leg: LegID, _ bytes: UInt64) {
        // Most legs have no link, and the 0 of an untouched page costs no memory.
        guard left(leg) != bytes else { return }
        lefts[Int(leg.rawValue)] = bytes
    }

    /// Bytes of the link went to the peer.
    @inline(__always)
    func take(_ leg: LegID, _ bytes: Int) {
        let left = left(leg)
        guard left != .max else { return }
        assert(UInt64(bytes) <= left, "a link gives no more than its bytes")
        setLeft(leg, left &- UInt64(truncatingIfNeeded: bytes))
    }
}

/// Bytes that the links of a session have given, in each direction.
struct LinkedBytes {
    var fromClient: UInt64 = 0
    var fromUpstream: UInt64 = 0
}
