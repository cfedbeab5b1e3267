typealias LegTable = RowTable<RowTableName.Legs, LegRow>
typealias LegQueue = RowQueue<LegRow>

extension RowID where Table == RowTableName.Legs {
    /// The peer of a stream without a leg at its other end: row 0, the slot of the worker's
    /// wake-up. Its queue is empty, and it neither reads nor ends: the loop needs no branch.
    @inline(__always)
    static var absent: LegID { LegID(0) }
}

/// One socket with its send queue, states and flags.
///
/// Trivial, integers only: the loop neither retains nor releases. Zeroed memory is a free row: 0 is
/// the first case of each state. 72 bytes: each idle connection has one.
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
    /// The leg's block class, and how many receives in a row voted for the other one. A new leg
    /// counts as bulk until its first short receive.
    var blockClass: BlockClass = .small
    var classVotes: UInt8 = 1
    /// Bytes to be sent on this leg.
    var queue = SendQueue()
    /// Bytes of the pipe to be sent on this leg.
    var piped: UInt32 = 0
    // In this order they leave no gap.
    var peer: LegID = .none
    var progress = Progress()
    var session: SessionID = .none
    /// The next leg of a list: free, starved, or the attempts of a session.
    var next: LegID = .none
    /// Datagrams, or trains, in flight.
    private(set) var datagramCount: UInt16 = 0
    /// The pair of a listener, which has no session.
    var pair = PairID(0)
    var dialled = Dialled()
    /// The pipe with bytes for this leg, held while there are any.
    var pipe: UInt8 = PipeTable.none

    /// A leg with an open socket.
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
        // A token has 24 bits for the generation.
        self.generation = (generation &+ 1) & 0xff_ffff
    }

    @inline(__always)
    var isInUse: Bool { phase != .free }

    /// No further byte of the far side is taken.
    @inline(__always)
    var hasEnded: Bool { reading == .ended || inbound == .discarded }

    /// Something has to follow once the queue is sent.
    @inline(__always)
    var isAwaited: Bool { !flags.isDisjoint(with: [.shutsBehindQueue, .tellsDrained]) }

    /// Whether the last receive filled a small block: more is to be expected.
    @inline(__always)
    var isBulk: Bool { blockClass == .bulk || classVotes != 0 }

    /// Bulk blocks ran out; small ones may be free.
    mutating func fallToSmall() {
        blockClass = .small
        classVotes = 1
    }

    /// Not read, and free to be read.
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

    @inline(__always)
    mutating func beginDatagram() {
        assert(kind.isDatagrams, "a stream sends no datagram")
        datagramCount &+= 1
        writing = .sending
    }

    /// A datagram was sent, or failed.
    @inline(__always)
    mutating func endDatagram() {
        assert(datagramCount > 0, "a datagram completes that was not sent")
        datagramCount &-= 1
        if datagramCount == 0 { writing = .idle }
    }

    /// The ring failed: no operation in flight will complete.
    mutating func abandon() {
        if phase != .closing { move(to: .closing) }
        flags.insert(.closesWithReset)
        reading = .idle
        writing = .idle
    }

    /// The datagram that waits for room in the socket. Datagrams are not acknowledged: its number
    /// takes the place of what was.
    var waiting: DatagramID {
        get { DatagramID(kind.isDatagrams ? progress.mark : .max) }
        set {
            assert(kind.isDatagrams, "no datagram waits on a stream")
            progress.mark = newValue.rawValue
        }
    }

    // MARK: Parts

    /// Where a leg towards an upstream was dialled to: the upstream's row in the pair, the number
    /// of its address, and which address that was.
    struct Dialled {
        var upstream: UInt8 = 0
        var address: UInt8 = 0
        var generation: UInt8 = 0
    }

    /// Whether the far side takes queued bytes.
    struct Progress {
        /// When a byte last went out, or the first one was queued.
        private var time: UInt64 = 0
        /// How long before that ``drainedUntil`` is, in 1.024 µs; 73 minutes at most.
        private var lag: UInt32 = 0
        fileprivate var mark: UInt32 = .max

        private static let lagShift: UInt64 = 10

        private mutating func set(_ now: UInt64, drainedUntil: UInt64) {
            time = now
            lag = now > drainedUntil ? UInt32(clamping: (now &- drainedUntil) >> Self.lagShift) : 0
        }

        var at: UInt64 {
            get { time }
            set { set(newValue, drainedUntil: drainedUntil) }
        }

        /// When the bytes sent since the queue began would have drained at the least rate, see
        /// ``Limits/drainedByte``. The present, for a faster leg.
        var drainedUntil: UInt64 { time &- UInt64(lag) << Self.lagShift }

        /// The queue gets its first bytes.
        @inline(__always)
        mutating func begin(at now: UInt64) {
            time = now
            lag = 0
        }

        /// Bytes of the queue went out.
        @inline(__always)
        mutating func note(_ bytes: Int, at now: UInt64) {
            let drained = UInt64(truncatingIfNeeded: bytes) &* Limits.drainedByte
            set(now, drainedUntil: min(now, drainedUntil &+ drained))
        }

        /// Notes the bytes that the far side has acknowledged at a check of the stall deadline.
        /// True if they are others than at the last check, or at the first one. Of 32 bits: two
        /// checks would have to be a multiple of 4 GiB apart, to the byte.
        mutating func acknowledge(_ bytes: Int64, at now: UInt64) -> Bool {
            let newMark = UInt32(truncatingIfNeeded: bytes)
            guard newMark != mark else { return false }
            mark = newMark
            at = now
            return true
        }
    }
}
