/// The relay's legs.
typealias LegTable = RowTable<RowTableName.Legs, LegRow>
typealias LegQueue = RowQueue<LegRow>

extension RowID where Table == RowTableName.Legs {
    /// The peer of a stream that has no leg at its other end: row 0, the slot of the worker's
    /// wake-up, in which no leg is made. Its queue is empty, and it neither reads nor ends, so the
    /// loop needs no branch for it.
    @inline(__always)
    static var absent: LegID { LegID(0) }
}

/// One socket with its send queue, its states and flags: one row of the relay's table.
///
/// Trivial: integers only, so that the loop neither retains nor releases. Memory that was never
/// written is a free row: 0 is the first case of each state.
struct LegRow: QueuedRow {
    typealias Table = RowTableName.Legs

    var socket: Int32 = -1
    var generation: UInt32 = 0
    let kind: Kind
    private(set) var phase: Phase
    private(set) var reading: Reading = .idle
    private(set) var writing: Writing = .idle
    var inbound: Inbound = .linked
    var flags: Flags = []
    /// Which class this leg has earned, and how many receives in a row speak for the other one. A
    /// new leg counts as one that may bring much, until it brings little.
    var blockClass: BlockClass = .small
    var classVotes: UInt8 = 1
    /// Bytes to go out on this leg.
    var queue = SendQueue()
    /// Bytes of the pipe that go out on this leg.
    var piped: UInt32 = 0
    var progress = Progress()
    /// The leg at the other end of the relay.
    var peer: LegID = .none
    var session: SessionID = .none
    /// The next one of the list this leg is in: free, starved, or the attempts of a session.
    var next: LegID = .none
    var datagrams = Datagrams()
    /// The pair of a listener, which has no session.
    var pair = PairID(0)
    /// The upstream that it is of, by its number in the pair.
    var upstream: UInt16 = 0
    /// The pipe whose bytes go out on this leg, which has one while there are any.
    var pipe: UInt8 = PipeTable.none

    /// A leg whose socket is there.
    init(_ kind: Kind, socket: Int32, session: SessionID, generation: UInt32) {
        self.kind = kind
        self.socket = socket
        self.session = session
        self.generation = generation
        phase = .open
    }

    /// A row without a leg.
    init(freeAfter generation: UInt32) {
        kind = .client
        phase = .free
        // A token has 24 bits for it.
        self.generation = (generation &+ 1) & 0xff_ffff
    }

    @inline(__always)
    var isInUse: Bool { phase != .free }

    /// Nothing that the far side still sends is taken.
    @inline(__always)
    var hasEnded: Bool { reading == .ended || inbound == .discarded }

    /// Whether the last receive filled a small block, so that more is to be expected.
    @inline(__always)
    var isBulk: Bool { blockClass == .bulk || classVotes != 0 }

    /// Bulk blocks ran out; small ones may well be there.
    mutating func fallToSmall() {
        blockClass = .small
        classVotes = 1
    }

    /// Nothing keeps it from being read, and nothing reads it.
    @inline(__always)
    var mayRead: Bool { reading == .idle || reading == .paused }

    /// An operation of the leg is in flight.
    @inline(__always)
    var isInFlight: Bool {
        reading == .receiving || writing == .sending || writing == .connecting
    }

    // MARK: The one way from a state to the next

    @inline(__always)
    mutating func move(to next: Phase) {
        assert(phase.leads(to: next), "a leg goes from \(phase) to \(next)")
        phase = next
    }

    @inline(__always)
    mutating func move(reading next: Reading) {
        assert(reading.leads(to: next), "a leg's reading goes from \(reading) to \(next)")
        reading = next
    }

    @inline(__always)
    mutating func move(writing next: Writing) {
        assert(writing.leads(to: next), "a leg's writing goes from \(writing) to \(next)")
        assert(!kind.isDatagrams, "a leg of datagrams counts what is in flight")
        writing = next
    }

    /// A datagram begins to go out.
    @inline(__always)
    mutating func beginDatagram() {
        assert(kind.isDatagrams, "a stream sends no datagram")
        datagrams.count &+= 1
        writing = .sending
    }

    /// A datagram went out, or will not.
    @inline(__always)
    mutating func endDatagram() {
        assert(datagrams.count > 0, "a datagram completes that was not sent")
        datagrams.count &-= 1
        if datagrams.count == 0 { writing = .idle }
    }

    /// The ring failed, so nothing in flight will complete.
    mutating func abandon() {
        if phase != .closing { move(to: .closing) }
        flags.insert(.closesWithReset)
        reading = .idle
        writing = .idle
    }

    // MARK: Parts

    /// Whether the far side takes what is queued for it.
    struct Progress {
        /// When a byte last went out, or the first one was queued.
        var at: UInt64 = 0
        /// Until when what went out since then would have lasted at the least rate, see
        /// ``Limits/drainedByte``: now, for a leg that is faster.
        private(set) var drainedUntil: UInt64 = 0
        /// What the far side had acknowledged when the stall deadline was last looked at.
        var acknowledged: Int64 = -1

        /// Something begins to wait for this leg.
        @inline(__always)
        mutating func begin(at now: UInt64) {
            at = now
            drainedUntil = now
        }

        /// Bytes of the queue went out.
        @inline(__always)
        mutating func note(_ bytes: Int, at now: UInt64) {
            at = now
            let drained = UInt64(truncatingIfNeeded: bytes) &* Limits.drainedByte
            drainedUntil = min(now, drainedUntil &+ drained)
        }
    }

    /// Datagrams, or trains of them, that go out on this leg.
    struct Datagrams {
        /// The row of the one that waits for the socket to take it.
        var waiting: DatagramID = .none
        /// How many are in flight.
        fileprivate(set) var count: UInt16 = 0
    }
}
