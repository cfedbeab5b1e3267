/// The relay's legs.
typealias LegTable = RowTable<RowTableName.Legs, Leg>

/// One socket with its send queue, armed operations and marks: one row of the relay's table.
///
/// Trivial: integers only, so that the loop neither retains nor releases.
struct Leg {
    struct Flags: OptionSet {
        let rawValue: UInt32
        @inline(__always)
        init(rawValue: UInt32) { self.rawValue = rawValue }

        // What is in flight.
        static let connecting = Flags(rawValue: 1 << 0)
        static let receiving = Flags(rawValue: 1 << 1)
        static let sending = Flags(rawValue: 1 << 2)
        static let inFlight: Flags = [.connecting, .receiving, .sending]

        /// Reading stopped at the high mark.
        static let paused = Flags(rawValue: 1 << 3)
        /// Reading stopped because there was no block, or others wait for one; the leg is in a
        /// starved queue.
        static let starved = Flags(rawValue: 1 << 4)
        /// The far side's stream has ended, or will bring nothing more.
        static let ended = Flags(rawValue: 1 << 5)
        /// Our write half is shut down.
        static let endSent = Flags(rawValue: 1 << 6)
        /// A reset or another error was seen.
        static let broken = Flags(rawValue: 1 << 7)
        /// Will be closed with a reset once what was queued is delivered.
        static let resetting = Flags(rawValue: 1 << 8)
        /// Waits for the last completion, then closes.
        static let closing = Flags(rawValue: 1 << 9)
        /// Closes with a reset rather than in order.
        static let closesWithReset = Flags(rawValue: 1 << 10)
        /// Accepted, rather than opened towards an upstream.
        static let client = Flags(rawValue: 1 << 11)
        static let inUse = Flags(rawValue: 1 << 12)
        /// Accepted in a burst: its session is dialled in one of the next loops.
        static let undialled = Flags(rawValue: 1 << 13)
        /// A Unix socket: receives one block at a time, see ``RelayPair/isUnix``.
        static let unix = Flags(rawValue: 1 << 15)
        // Bridges and datagrams.
        /// A socket of datagrams.
        static let datagrams = Flags(rawValue: 1 << 16)
        /// The one that a worker's clients send to: it belongs to no session.
        static let listener = Flags(rawValue: 1 << 17)
        /// A stream that messages are cut from.
        static let framed = Flags(rawValue: 1 << 18)
        /// Takes one datagram at a time, and may take its time: a Unix datagram socket.
        static let waits = Flags(rawValue: 1 << 19)
        /// The route refused a train: its datagrams go out one by one.
        static let refusesTrains = Flags(rawValue: 1 << 20)
        // Splicing.
        /// What comes on this leg goes through a pipe of the kernel's, and not into blocks.
        static let spliced = Flags(rawValue: 1 << 21)
        /// Bytes came to a receive that stays armed, and nobody has asked since whether an end came
        /// with them.
        static let unasked = Flags(rawValue: 1 << 22)
        /// There was no block when there was something to read, and nothing was read since.
        static let unread = Flags(rawValue: 1 << 14)
    }

    var socket: Int32 = -1
    var generation: UInt32 = 0
    var flags: Flags = []
    /// The leg at the other end of the relay.
    var peer: LegID = .none
    var session: SessionID = .none
    /// The next one of the list this leg is in: free, starved, or the attempts of a session.
    var next: LegID = .none
    /// Bytes to go out on this leg.
    var queue = SendQueue()
    /// Bytes of the pipe that go out on this leg.
    var piped: UInt32 = 0
    /// When a byte last went out, or the first one was queued.
    var progressAt: UInt64 = 0
    /// Until when what went out since then would have lasted at the least rate, see
    /// ``RelayLimits/drainedByte``: now, for a leg that is faster.
    var drainedUntil: UInt64 = 0
    /// What the far side had acknowledged when the stall deadline was last looked at.
    var acknowledged: Int64 = -1
    /// The row of the one that waits for the socket to take it.
    var departingRow: DatagramID = .none
    /// Datagrams, or trains of them, in flight; ``Flags/sending`` is set while there are any.
    var departing: UInt16 = 0
    /// The pair of a listener, which has no session.
    var pair: UInt16 = 0
    /// The upstream that it is of, by its number in the pair.
    var upstream: UInt16 = 0
    /// The pipe whose bytes go out on this leg, which has one while there are any.
    var pipe: UInt8 = PipeTable.none
    /// Which class this leg has earned, and how many receives in a row speak for the other one. A
    /// new leg counts as one that may bring much, until it brings little.
    var blockClass: BlockClass = .small
    var classVotes: UInt8 = 1

    /// Something begins to wait for this leg.
    @inline(__always)
    mutating func beginProgress(at now: UInt64) {
        progressAt = now
        drainedUntil = now
    }

    /// Bytes of the queue went out.
    @inline(__always)
    mutating func noteProgress(_ bytes: Int, at now: UInt64) {
        progressAt = now
        let drained = UInt64(truncatingIfNeeded: bytes) &* RelayLimits.drainedByte
        drainedUntil = min(now, drainedUntil &+ drained)
    }
}
