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

/// Whose turn it is among the rows of a pair's upstreams.
package struct UpstreamTurns: Sendable {
    /// Upstreams that the program gave the pair. With more rows than these, a name has several:
    /// one for each of its addresses, as far as they go. A row may then be without an address.
    fileprivate var endpoints: UInt8
    /// The next of the rows of a pair's upstreams.
    fileprivate var next: UInt8 = 0

    fileprivate init(endpoints: UInt8) { self.endpoints = endpoints }
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
    fileprivate var turns: UpstreamTurns
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

    /// Upstreams that the program gave the pair.
    package var endpointCount: Int { Int(turns.endpoints) }

    /// A name has a row for each of its addresses.
    package var spreadsAddresses: Bool { turns.endpoints < upstreamCount }

    /// The number of a row's upstream among those.
    package func endpoint(ofRow row: Int) -> Int { Int(upstreams[row].endpoint) }

    /// The rows of one of those.
    private func rows(of endpoint: Int) -> Range<Int> {
        guard spreadsAddresses else { return endpoint..<(endpoint + 1) }
        var first = endpoint
        while Int(upstreams[first].endpoint) < endpoint { first += 1 }
        var end = first + 1
        while end < Int(upstreamCount), Int(upstreams[end].endpoint) == endpoint { end += 1 }
        return first..<end
    }

    /// The row that the next session dials first, round-robin.
    mutating func takeTurn() -> UInt8 {
        var row = turns.next
        if spreadsAddresses {
            for _ in 0..<upstreamCount where upstreams[Int(row)].addressCount == 0 {
                row = self.row(after: row)
            }
        }
        turns.next = self.row(after: row)
        return row
    }

    private func row(after row: UInt8) -> UInt8 { row &+ 1 < upstreamCount ? row &+ 1 : 0 }

    /// The row that a session for one upstream dials first, round-robin among its addresses.
    func takeTurn(of endpoint: Int) -> UInt8 {
        let rows = rows(of: endpoint)
        let count = UInt8(truncatingIfNeeded: rows.count)
        let first = UInt8(truncatingIfNeeded: rows.lowerBound)
        var turn = upstreams[rows.lowerBound].turn % count
        for _ in rows where upstreams[Int(first &+ turn)].addressCount == 0 {
            turn = turn &+ 1 < count ? turn &+ 1 : 0
        }
        upstreams[rows.lowerBound].turn = turn &+ 1
        return first &+ turn
    }

    /// Gives an upstream of the program the addresses of a lookup. Of more addresses than rows the
    /// last ones share a row, as all addresses of a name do that has a single one.
    package func setAddresses(_ found: [SocketAddress], ofEndpoint endpoint: Int) {
        let rows = rows(of: endpoint)
        guard rows.count > 1 else { return upstreams[rows.lowerBound].replaceAddresses(found) }
        var new = found
        var lists = [[SocketAddress]](repeating: [], count: rows.count)
        // An address that stays keeps its row, and with it its backoff and its connections.
        for (list, row) in rows.enumerated() {
            let kept = new.firstIndex { upstreams[row].isFirst($0) }
            if let kept { lists[list] = [new.remove(at: kept)] }
        }
        for list in lists.indices where lists[list].isEmpty && !new.isEmpty {
            lists[list] = [new.removeFirst()]
        }
        if !new.isEmpty { lists[lists.count - 1] += new }
        for (list, row) in zip(lists, rows) {
            let isKept = list.first.map { upstreams[row].isFirst($0) } ?? false
            upstreams[row].replaceAddresses(list)
            if !isKept { upstreams[row].forget() }
        }
    }

    /// Whether a session could dial another row.
    func hasOther(than row: UInt8) -> Bool {
        (0..<upstreamCount).contains { $0 != row && upstreams[Int($0)].addressCount > 0 }
    }

    /// Whether no upstream is left that a session would dial at once: each of their addresses
    /// rests, or there is none.
    func isDown(_ now: UInt64) -> Bool {
        !(0..<Int(upstreamCount)).contains { upstreams[$0].hasAwake(now) }
    }

    /// Whether an upstream takes connections, as far as it is known. Between this and
    /// ``isDown(_:)`` are upstreams that have failed, and rested.
    var isUp: Bool { (0..<Int(upstreamCount)).contains { upstreams[$0].hasSound } }

    @inline(__always)
    func framing(ofClient: Bool) -> StreamFraming { ofClient ? clientFraming : upstreamFraming }

    /// - Parameter upstreams: the rows, in the order of their endpoints.
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
        turns = UpstreamTurns(
            endpoints: upstreamCount == 0 ? 0 : upstreams[Int(upstreamCount) - 1].endpoint &+ 1)
        self.options = options.atOpening
        lateOptions = options.afterAWhile
        lateOptionsAfter =
            options.keepAliveSeconds > 0
            ? min(Limits.keepAliveDelay, UInt64(options.keepAliveSeconds) * Deadlines.second)
            : 0
    }
}
