/// The marks and bounds of the relay, each with its reason.
package struct Limits: @unchecked Sendable {
    /// Bytes queued towards one side at which reading from the other stops, and at which it starts
    /// again. Small blocks: sixteen of them hide a round trip of a fast network without holding
    /// much.
    package static let smallHigh = 256 << 10
    package static let smallLow = 64 << 10
    /// Bulk blocks: two, so that one fills while the other one drains.
    package static let bulkHigh = 512 << 10
    package static let bulkLow = 256 << 10
    /// No leg queues more than a sixteenth of what the pool has free (a shift of 4). With many
    /// sessions the part is smaller, between a quarter and a half over their number: receives that
    /// were armed while the pool was full then take half of it at the most, one side of each
    /// session, though all of them stall.
    static func poolShareShift(sessions: Int) -> Int {
        max(4, Int.bitWidth - sessions.leadingZeroBitCount + 1)
    }
    /// A leg may earn bulk blocks only while a quarter of them is free: many stalled readers then
    /// hold small ones.
    static let bulkFreeShare = 4
    /// Receives in a row that fill a small block before a leg gets bulk ones, and that would have
    /// fitted into a small one before it loses them.
    static let classVotes: UInt8 = 4
    /// A slice up to this part of a block is copied behind a waiting one, rather than hold a block.
    /// Once half of the pool is leased, every slice that fits is: the marks count bytes, and blocks
    /// that are filled in part would be several times as many.
    static let copyShare = 4
    /// Starved legs, or sessions that wait to be dialled, from which on legs take turns: more than
    /// there are bulk blocks posted, so that some bulk streams that share those go on as they are.
    static let contentionThreshold = 32
    /// Bytes that a crowd is given blocks for in one loop. A small message waits for that two to
    /// four times, and with others on its core each time takes several times as long; more in one
    /// loop saved nothing.
    static let contendedQuantum = 64 << 10
    /// How long legs take turns after they were many: some loops of a busy worker on a shared core.
    static let contentionTime: UInt64 = 50_000_000
    /// Sessions dialled in one loop. On loopback a connect is the whole handshake, about 70 µs; the
    /// further loops that a burst needs cost one enter each.
    static let dialsInLoop = 2
    /// Messages that one stream becomes before others have their turn, and that all streams become
    /// in one loop: a datagram sent over loopback takes about 3 µs, so that a loop of nothing else
    /// stays below a millisecond.
    static let messagesAtOnce = 32
    package static let messagesInLoop = 256
    /// Pipes of a worker, for streams that are spliced: two descriptors each. A stream has one
    /// while bytes wait in it; those that find none go through blocks. A place of a pipe may hold a
    /// compound page of 32 KiB, so slow readers could hold 64 MiB of the senders' pages in all.
    package static let pipesMax = 8
    /// Descriptors of the process for each pipe: where they are few, sessions want them.
    package static let descriptorsForPipe = 64
    /// 256 places, as a page is 4 KiB: the most that a user without privileges gets
    /// (fs.pipe-max-size).
    static let pipeBytes = 1 << 20
    /// Bytes that a stream splices before others have their turn, and that all of them splice in
    /// one loop: what takes about a millisecond, which is four times as much as when it is copied.
    static let spliceQuantum = 2 << 20
    static let spliceInLoop = 4 << 20
    /// How long streams go through blocks after a pipe could not be made: descriptors or pages ran
    /// out.
    static let pipeBackoff: UInt64 = 1_000_000_000
    /// Bytes of messages that wait for a stream upstream to be connected: a few round trips of
    /// questions.
    static let waitingMax = 64 << 10
    /// Datagrams that wait for a Unix upstream: each holds a block.
    package static let messagesMax = 64
    /// Answers that wait for Unix clients, behind earlier ones or for room: a quarter of the small
    /// blocks, of which each may hold one, within these bounds: a burst to one client has to fit,
    /// though a pool is small, since its answers go one after the other. How often those are tried
    /// again that found no room, and for how long.
    package static let waitingResponsesShare = 4
    package static let waitingResponsesMin = 256
    package static let waitingResponsesMax = 1024
    static let responseRetry: UInt64 = 5_000_000
    package static let responsePatience: UInt64 = 5_000_000_000
    /// The part of a Unix listener's send buffer that one client's unread answers may take once
    /// half of it is taken: eight clients that read nothing leave the others theirs, and ten do not
    /// (measured with 8,000 bytes each).
    static let unreadShare = 8
    /// While the engine drains, a session of datagrams that was silent for this long counts as
    /// ended: nothing else tells. Longer than a resolver's answer takes.
    static let drainSilence: UInt64 = 2_000_000_000
    /// RFC 8305 asks for 250 ms between the addresses of one name.
    static let connectionAttemptDelay: UInt64 = 250_000_000
    /// How long a busy Unix upstream is left alone before it is dialled again, at first and at
    /// most.
    static let busyBackoffMin: UInt64 = 10_000_000
    static let busyBackoffMax: UInt64 = 250_000_000
    /// A session gets its keepalive when it is this old, or as old as the keepalive itself is long:
    /// one that ends before needs neither four more calls nor two timers.
    static let keepAliveDelay: UInt64 = 10_000_000_000
    /// A paused side, and a client whose upstream is dialled, are looked at this often, so that a
    /// reset of theirs does not go unseen.
    static let brokenCheck: UInt64 = 500_000_000
    /// A stream that brought bytes and was silent for this long is asked once whether it is over,
    /// where receives may miss that: well within the second in which a reset is to be forwarded.
    static let silenceCheck: UInt64 = 500_000_000
    /// How long a reset waits for what came before it to be delivered.
    static let resetWait: UInt64 = 1_000_000_000
    /// How often it looks whether that is so: about every tick of the timer wheel.
    static let resetCheck: UInt64 = 10_000_000
    /// A leg without send progress for less is not closed to free blocks: they come back by
    /// themselves.
    static let exhaustionPatience: UInt64 = 1_000_000_000
    /// How long a byte that goes out counts as progress once the blocks ran out: a leg that gives a
    /// small block back within the patience keeps up, and one that takes a byte now and then does
    /// not.
    static let drainedByte = exhaustionPatience / UInt64(BlockClass.small.bytes)
    /// How long a byte of a message that is gathered in a large block counts as progress once such
    /// blocks ran out: the longest message then takes a second, as long as the others' patience.
    static let gatheredByte: UInt64 = 15_000
    /// How often the pool's exhaustion looks for a leg to close.
    static let exhaustionCheck: UInt64 = 100_000_000
    /// Sessions that must be free for a multishot accept: it takes as many connections as the
    /// backlog holds before anybody can stop it.
    package static let backlog = 4096

    /// Rows of sessions in this worker's table.
    package var sessions: Int
    /// Sessions of the engine at once, by what their clients send: above it connections wait in the
    /// backlog, and a datagram from a client without a session is dropped.
    package var shares: SessionShares
    /// Those that are open, and of them those of datagram listeners. Shared by the workers.
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
