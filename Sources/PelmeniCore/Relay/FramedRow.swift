/// Framed streams: two rows a session, for the client's stream and the upstream's.
typealias FramedTable = RowTable<RowTableName.FramedStreams, FramedRow>
typealias FramedID = RowID<RowTableName.FramedStreams>

extension RowID where Table == RowTableName.FramedStreams {
    @inline(__always)
    init(_ session: SessionID, ofClient: Bool) {
        self.init(session.rawValue &* 2 &+ (ofClient ? 0 : 1))
    }

    @inline(__always)
    var session: SessionID { SessionID(rawValue / 2) }
    @inline(__always)
    var isOfClient: Bool { rawValue % 2 == 0 }
}

/// The state of a stream that is cut into messages.
struct FramedRow: QueuedRow {
    typealias Table = RowTableName.FramedStreams

    var scanner: FrameScanner
    /// Blocks with uncut messages: over the loop's budget, or without room on the other side.
    var uncut = SendQueue()
    /// The stream is in the ``CutQueue``.
    var isQueued = false
    var next: FramedID = .none
    /// The result behind the uncut blocks: 0 is the stream's end, negative an error, positive none.
    var lastResult: Int32 = 1
    var assembly = Assembly()

    init(_ framing: StreamFraming) {
        scanner = FrameScanner(framing.framing, maxFrame: framing.maxFrame)
    }
}

/// An unfinished message, and the block that gathers it.
struct Assembly {
    var block: BlockID = .none
    /// Bytes so far.
    var count = 0
    /// When the message got its block, and its bytes at that time.
    var blockSince: UInt64 = 0
    var countBefore = 0
    /// The message is over the limit: its rest is skipped.
    var isSkipping = false

    /// Until when the block's bytes would have lasted at the least rate: a byte at a time is no
    /// progress.
    var goodUntil: UInt64 {
        blockSince &+ UInt64(max(0, count &- countBefore)) &* Limits.gatheredByte
    }
}
