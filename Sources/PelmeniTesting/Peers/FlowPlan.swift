/// The actions of both ends of a session, for the simulated and the real world.
package struct FlowPlan: Equatable, Sendable {
    /// The sides that send before they have received a byte.
    package enum Start: UInt8, CaseIterable, Sendable {
        case client
        case upstream
        case both
    }

    /// The end of the session.
    package enum End: Equatable, Sendable {
        /// The client ends its stream after its last byte, the upstream after it has seen that end.
        case byClient
        case byUpstream
        /// Each side ends its stream after its last byte.
        case byBoth
        /// The client resets after this many bytes.
        case clientResets(after: Int)
        case upstreamResets(after: Int)
        /// Neither side ends the session: a deadline of the proxy does.
        case byProxy
    }

    /// The reading of an end.
    package enum Reading: Equatable, Sendable {
        case prompt
        /// Not before this many nanoseconds.
        case late(UInt64)
        /// A byte in each of these intervals, in nanoseconds.
        case byteEach(UInt64)
        case never
    }

    /// Sessions of this plan, all at once.
    package var sessions: Int
    package var bytesToUpstream: Int
    package var bytesToClient: Int
    /// Bytes of each write, at most.
    package var chunk: Int
    package var start: Start
    package var end: End
    package var clientReading: Reading
    package var upstreamReading: Reading
    /// Whether each side is a Unix socket rather than a TCP socket.
    package var listensOnUnix = false
    package var forwardsToUnix = false
    /// The listener refuses clients while no upstream is up.
    package var refusesWhenDown = false

    package init(
        sessions: Int = 1, bytesToUpstream: Int, bytesToClient: Int, chunk: Int = 1 << 16,
        start: Start = .both, end: End = .byBoth, clientReading: Reading = .prompt,
        upstreamReading: Reading = .prompt
    ) {
        self.sessions = sessions
        self.bytesToUpstream = bytesToUpstream
        self.bytesToClient = bytesToClient
        self.chunk = chunk
        self.start = start
        self.end = end
        self.clientReading = clientReading
        self.upstreamReading = upstreamReading
    }

    /// Bytes that an end sends, unless it is cut off.
    package func bytes(fromClient: Bool) -> Int {
        switch end {
        case .clientResets(let after) where fromClient: min(after, bytesToUpstream)
        case .upstreamResets(let after) where !fromClient: min(after, bytesToClient)
        default: fromClient ? bytesToUpstream : bytesToClient
        }
    }

    package func resets(client: Bool) -> Bool {
        switch end {
        case .clientResets: client
        case .upstreamResets: !client
        default: false
        }
    }

    package var hasReset: Bool { resets(client: true) || resets(client: false) }

    package func reading(client: Bool) -> Reading { client ? clientReading : upstreamReading }

    /// Whether an end may send before it has received a byte.
    package func speaksFirst(client: Bool) -> Bool {
        switch start {
        case .both: true
        case .client: client || bytes(fromClient: true) == 0
        case .upstream: !client || bytes(fromClient: false) == 0
        }
    }

    /// Whether an end that has sent all its bytes ends its stream now.
    package func ends(client: Bool, sawEnd: Bool) -> Bool {
        switch end {
        case .byBoth: true
        case .byClient: client || sawEnd
        case .byUpstream: !client || sawEnd
        case .byProxy, .clientResets, .upstreamResets: sawEnd
        }
    }

    /// Whether deadlines, or a lack of blocks, may end a session of this plan before its ends do.
    package var mayBeCut: Bool {
        clientReading != .prompt || upstreamReading != .prompt || end == .byProxy
    }
}

extension FlowPlan: CustomStringConvertible {
    package var description: String {
        var text =
            "\(sessions) × \(bytesToUpstream) up, \(bytesToClient) down, \(start) first, \(end)"
        if clientReading != .prompt { text += ", client reads \(clientReading)" }
        if upstreamReading != .prompt { text += ", upstream reads \(upstreamReading)" }
        return text
    }
}
