/// A pair's number, in 16 bits: a process has no more descriptors for listeners.
package struct PairID: Hashable, Sendable {
    package let rawValue: UInt16

    @inline(__always)
    package init(_ rawValue: UInt16) { self.rawValue = rawValue }

    package init(_ index: Int) { rawValue = UInt16(index) }

    package var index: Int { Int(rawValue) }
}

/// A worker's pairs by number. A handle: copies share the rows.
package struct PairTable: @unchecked Sendable {
    package let rows: UnsafeMutablePointer<PairRow>

    package init(_ rows: UnsafeMutablePointer<PairRow>) { self.rows = rows }

    @inline(__always)
    package func row(_ pair: PairID) -> UnsafeMutablePointer<PairRow> {
        rows + Int(pair.rawValue)
    }

    @inline(__always)
    package subscript(_ pair: PairID) -> PairRow {
        @inline(__always)
        unsafeAddress { UnsafePointer(row(pair)) }
        @inline(__always)
        nonmutating unsafeMutableAddress { row(pair) }
    }
}

/// The sides of a pair that drivers speak with.
package struct DrivenSides: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let client = DrivenSides(rawValue: 1 << 0)
    package static let upstream = DrivenSides(rawValue: 1 << 1)

    /// Whether a driver takes the units of a direction.
    @inline(__always)
    func take(toClient: Bool) -> Bool { contains(toClient ? .client : .upstream) }
}

/// Where a pair has hooks.
package struct PairHooks: Sendable {
    /// Somewhere: sessions have rows for them.
    package var areThere = false
    /// On units in each direction.
    package var toUpstream = false
    package var toClient = false
    /// The sides that drivers speak with, and the sockets of datagrams that these want.
    package var driven: DrivenSides = []
    package var upstreamSocket = SocketKind()
    /// A driver of a side connects to upstreams when it wants one.
    package var dialsOnDemand = false

    @inline(__always)
    func see(toClient isToClient: Bool) -> Bool { isToClient ? toClient : toUpstream }
}

/// A worker's state of a pair: deadlines, caps, upstreams. A row in stable memory.
package struct PairRow: @unchecked Sendable {
    package var deadlines: Deadlines
    /// Sessions at once over all workers; 0 is the engine's limit alone.
    package var sessionsMax: Int64
    /// Sessions open now, shared by all workers.
    package var sessionsOpen: UnsafeMutablePointer<Int64>
    package var upstreams: UnsafeMutablePointer<Upstream>
    package var upstreamCount: UInt8
    /// The next upstream, round-robin.
    package var nextUpstream: UInt8 = 0
    package var options: SocketOptions
    /// The pair listens on a Unix socket. A multishot receive there may miss an end right behind
    /// bytes (liburing's issue 1549; Linux 6.18 still does it), and would wait for ever.
    package var isUnix = false
    package var kind: PairKind = .streams
    /// The pair listens on an unnamed address: a response has to name its source address.
    package var tellsLocal = false
    /// Unix datagrams: send buffer memory that one client's unread responses may take, and the
    /// memory of the responses whose clients wait for their share.
    package var responseShare = Int.max
    package var responsesHeld = 0
    /// The framing of the client's stream, and of the upstream's.
    package var clientFraming = StreamFraming()
    package var upstreamFraming = StreamFraming()
    package var requests: UInt32 = 0
    package var responses: UInt32 = 0
    package var hooks = PairHooks()
    /// For the sockets of datagrams on either side.
    package var datagramOptions = DatagramOptions()
    /// Socket options set after `lateOptionsAfter`.
    package var lateOptions: SocketOptions
    /// The session's age for the late options; 0 is never.
    package var lateOptionsAfter: UInt64

    @inline(__always)
    func framing(ofClient: Bool) -> StreamFraming { ofClient ? clientFraming : upstreamFraming }

    package init(
        deadlines: Deadlines, options: SocketOptions, sessionsMax: Int64,
        sessionsOpen: UnsafeMutablePointer<Int64>,
        upstreams: UnsafeMutablePointer<Upstream>, upstreamCount: UInt8
    ) {
        self.deadlines = deadlines
        self.sessionsMax = sessionsMax
        self.sessionsOpen = sessionsOpen
        self.upstreams = upstreams
        self.upstreamCount = upstreamCount
        self.options = options.atOpening
        lateOptions = options.afterAWhile
        lateOptionsAfter =
            options.keepAliveSeconds > 0
            ? min(Limits.keepAliveDelay, UInt64(options.keepAliveSeconds) * Deadlines.second)
            : 0
    }
}
