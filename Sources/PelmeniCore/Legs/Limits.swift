/// Watermarks and bounds of legs and relay, each with its reason.
package struct Limits: @unchecked Sendable {
    /// Bytes queued towards one side at which reading from the other stops, and at which it
    /// resumes. Sixteen small blocks hide a round trip of a fast network without holding much.
    package static let smallHigh = 256 << 10
    package static let smallLow = 64 << 10
    /// Two bulk blocks: one fills while the other one drains.
    package static let bulkHigh = 512 << 10
    package static let bulkLow = 256 << 10
    /// A leg may queue at most a sixteenth of the pool's free bytes (a shift of 4); with n
    /// sessions, n large, 1/(2n) to 1/(4n). If the receives of one side of each session were armed
    /// while the pool was free, and all sessions stall, they hold at most half of it.
    static func poolShareShift(sessions: Int) -> Int {
        max(4, Int.bitWidth - sessions.leadingZeroBitCount + 1)
    }
    /// A leg becomes bulk only while a quarter of the bulk blocks is free: many stalled readers
    /// then hold small ones.
    static let bulkFreeShare = 4
    /// Receives in a row that fill a small block before a leg gets bulk blocks, or that would fit
    /// into a small one before it loses them.
    static let classVotes: UInt8 = 4
    /// A slice of up to this part of a block is copied behind a queued one and holds no block. Once
    /// half of the pool is leased, every slice that fits is copied: watermarks count bytes, and
    /// blocks filled in part would be several times as many.
    static let copyShare = 4
    /// With this many legs or dials waiting, bulk legs are served round-robin. Above the number of
    /// posted bulk blocks, so that a few bulk streams are not affected.
    static let contentionThreshold = 32
    /// Bytes granted to bulk legs per loop under contention. A small message waits for two to four
    /// such loops, and each takes several times as long with others on the core; larger quanta were
    /// no cheaper (0012).
    static let contendedQuantum = 64 << 10
    /// How long contention lasts after its last sign: some loops of a busy worker on a shared core.
    static let contentionTime: UInt64 = 50_000_000
    /// Dials per loop. On loopback a connect is the whole handshake, about 70 µs; the further loops
    /// of a burst cost one enter each.
    static let dialsInLoop = 2
    /// Messages cut from one stream before the next is served, and from all streams per loop: a
    /// datagram over loopback takes about 3 µs, so such a loop stays below a millisecond.
    static let messagesAtOnce = 32
    package static let messagesInLoop = 256
    /// Pipes of a worker for spliced streams: two descriptors each. A stream holds one while bytes
    /// wait in it; a stream that finds none goes through blocks. A slot of a pipe may hold a
    /// compound page of 32 KiB, so slow readers could hold 64 MiB of the senders' pages in all.
    package static let pipesMax = 8
    /// Descriptors of the process per pipe: where descriptors are few, sessions need them.
    package static let descriptorsForPipe = 64
    /// 256 slots of a 4 KiB page: the most for a user without privileges (fs.pipe-max-size).
    static let pipeBytes = 1 << 20
    /// Bytes spliced from one stream before the next one is served, and from all streams per loop:
    /// about 1 ms, in which a copy moves a quarter as much.
    static let spliceQuantum = 2 << 20
    static let spliceInLoop = 4 << 20
    /// How long streams use blocks after a pipe failed to open: descriptors or pages ran out.
    static let pipeBackoff: UInt64 = 1_000_000_000
    /// Bytes of messages that wait for a stream upstream's connect: some round trips of requests.
    static let waitingMax = 64 << 10
    /// Datagrams queued for a Unix upstream: each holds a block.
    package static let messagesMax = 64
    /// Rounds of jobs and answers of asynchronous hooks at the end of a loop: a chain of hooks that
    /// wait for nothing takes one each, and a task that yields for ever leaves the ring its turn.
    static let hookRoundsMax = 8
    /// Responses that wait for Unix clients, behind earlier ones or for room: a quarter of the
    /// small blocks, since each may hold one, within these bounds. A burst to one client has to fit
    /// even in a small pool: its responses are sent one after the other.
    package static let waitingResponsesShare = 4
    package static let waitingResponsesMin = 256
    package static let waitingResponsesMax = 1024
    /// How often a response without room is tried again, and for how long.
    static let responseRetry: UInt64 = 5_000_000
    package static let responsePatience: UInt64 = 5_000_000_000
    /// The part of a Unix listener's send buffer that one client's unread responses may take once
    /// half of the buffer is taken: eight clients that read nothing leave the others room, ten do
    /// not (measured with 8,000 bytes each).
    static let unreadShare = 8
    /// While the engine drains, a datagram session silent for this long has ended: no event reports
    /// it. Longer than a resolver's response takes.
    static let drainSilence: UInt64 = 2_000_000_000
    /// RFC 8305 asks for 250 ms between the addresses of one name.
    static let connectionAttemptDelay: UInt64 = 250_000_000
    /// Backoff of a busy Unix upstream, at first and at most.
    static let busyBackoffMin: UInt64 = 10_000_000
    static let busyBackoffMax: UInt64 = 250_000_000
    /// A session gets its keepalive at this age, or at the keepalive's own time if that is shorter:
    /// a session that ends before needs neither four more calls nor two timers.
    static let keepAliveDelay: UInt64 = 10_000_000_000
    /// How often a paused side, and a client whose upstream is dialled, are checked for a reset.
    static let brokenCheck: UInt64 = 500_000_000
    /// A stream silent for this long after bytes is asked once whether it has ended, where receives
    /// may miss that: well within the second in which a reset is to be forwarded.
    static let silenceCheck: UInt64 = 500_000_000
    /// How long a reset waits for the delivery of the bytes before it.
    static let resetWait: UInt64 = 1_000_000_000
    /// How often the delivery is checked: about every tick of the timer wheel.
    static let resetCheck: UInt64 = 10_000_000
    /// A leg with send progress within this time is not closed: its blocks return by themselves.
    static let exhaustionPatience: UInt64 = 1_000_000_000
    /// Progress that a sent byte counts for once the blocks ran out: a leg that releases a small
    /// block within the patience keeps up, a leg that takes a byte now and then does not.
    static let drainedByte = exhaustionPatience / UInt64(BlockClass.small.bytes)
    /// Progress that a byte of a message gathered in a large block counts for once such blocks ran
    /// out: the longest message then takes a second, as long as the others' patience.
    static let gatheredByte: UInt64 = 15_000
    /// How often bytes that hooks made, and that found no block, look for one: a tick of the wheel.
    static let surplusRetry: UInt64 = 10_000_000
    /// Datagrams that wait for a session's driver: a loop's worth of a busy socket.
    static let drivenItemsMax = 256
    /// Messages of a stream that wait for a driver that holds them, before the stream is not read.
    static let heldItemsMax = 16
    /// Connections to upstreams that a worker keeps without a session, for the next one.
    static let parkedMax = 1024
    /// Bytes of a link, at least, for which the stream's receive is cancelled and a pipe is used.
    static let splicedLinkMin: UInt64 = 128 << 10
    /// Rounds of a pair's driver in one turn: events that its commands cause are told in the next
    /// one, and a driver that causes some for ever leaves others their turn.
    static let driverRoundsMax = 16
    /// Bytes queued for a side whose own bytes a pair's driver is offered: twice what the other
    /// side's bytes may fill, so that these alone never halt it.
    static let answersHigh = 2 * bulkHigh
    /// How long a client of a session that its pair's driver has ended may take to end its stream,
    /// once it has every byte: one that keeps it open would hold the session for `linger`. What it
    /// sends meanwhile is dropped, however much: one in the middle of a fast upload sends tens of
    /// megabytes before it looks, and a close with unread bytes resets it.
    static let endedLinger: UInt64 = 2_000_000_000
    /// How often pool exhaustion searches for a leg to close.
    static let exhaustionCheck: UInt64 = 100_000_000
    /// Sessions that must be free for a multishot accept: it takes the whole backlog before it can
    /// be stopped.
    package static let backlog = 4096

    /// Rows of sessions in this worker's table.
    package var sessions: Int
    /// The engine's session limits for streams and datagrams: at the limit connections wait in the
    /// backlog, and a datagram from a client without a session is dropped.
    package var shares: SessionShares
    /// Open sessions, and those of datagram listeners among them. Shared by the workers.
    package var engineSessionsOpen: UnsafeMutablePointer<Int64>
    package var datagramSessionsOpen: UnsafeMutablePointer<Int64>
    /// Pipes of this worker.
    package var pipes: Int
    /// Sessions over the engine's explicit cap are closed with cause `limit`; 0 is none.
    package var engineSessionsCap: Int64

    package init(
        shares: SessionShares, engineSessionsCap: Int64,
        engineSessionsOpen: UnsafeMutablePointer<Int64>,
        datagramSessionsOpen: UnsafeMutablePointer<Int64>, sessions: Int? = nil,
        pipes: Int = Limits.pipesMax
    ) {
        self.sessions = sessions ?? shares.rows
        self.shares = shares
        self.engineSessionsCap = engineSessionsCap
        self.engineSessionsOpen = engineSessionsOpen
        self.pipes = min(pipes, Self.pipesMax)
        self.datagramSessionsOpen = datagramSessionsOpen
    }
}
