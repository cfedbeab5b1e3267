/// Streams that are cut into messages: two rows a session, for its client's stream and its
/// upstream's.
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

/// What is known of a stream that is cut into messages.
struct FramedRow: QueuedRow {
    typealias Table = RowTableName.FramedStreams

    var scanner: FrameScanner
    /// Blocks of which messages are still to be cut: more than one loop may, or more than the other
    /// side has room for.
    var uncut = SendQueue()
    /// It stands in the ``CutQueue``.
    var isQueued = false
    var next: FramedID = .none
    /// What came behind the blocks: 0 is the stream's end, less is an error, and more is nothing.
    var lastResult: Int32 = 1
    var assembly = Assembly()

    init(_ framing: StreamFraming) {
        scanner = FrameScanner(framing.framing, maxFrame: framing.maxFrame)
    }
}

/// A message that has begun and not ended: where its bytes are gathered.
struct Assembly {
    var block: BlockID = .none
    /// Bytes of it so far.
    var count = 0
    /// When it got its block, and how many bytes there were then.
    var blockSince: UInt64 = 0
    var countBefore = 0
    /// It is longer than it may be: the rest of it is skipped.
    var isSkipping = false

    /// Until when the bytes in its block would have lasted, had they come at the least rate: a byte
    /// at a time is no progress.
    var goodUntil: UInt64 {
        blockSince &+ UInt64(max(0, count &- countBefore)) &* Limits.gatheredByte
    }
}
