/// What the two ends of a session do, in words that both the simulated and the real world carry
/// out.
package struct FlowPlan: Equatable, Sendable {
    /// Who sends before having received anything.
    package enum Start: UInt8, CaseIterable, Sendable {
        case client
        case upstream
        case both
    }

    /// How it ends.
    package enum End: Equatable, Sendable {
        /// The client ends its stream once all is sent, the upstream once it has seen that.
        case byClient
        case byUpstream
        /// Each ends its stream once all is sent.
        case byBoth
        /// The client resets once it has sent so many bytes.
        case clientResets(after: Int)
        case upstreamResets(after: Int)
        /// Neither does anything: a deadline of the proxy's ends it.
        case byProxy
    }

    /// How an end reads.
    package enum Reading: Equatable, Sendable {
        case prompt
        /// Not before so many nanoseconds.
        case late(UInt64)
        /// A byte each so many nanoseconds.
        case byteEach(UInt64)
        case never
    }

    /// Sessions of this plan, all at once.
    package var sessions: Int
    package var bytesToUpstream: Int
    package var bytesToClient: Int
    /// Bytes of each write at the most.
    package var chunk: Int
    package var start: Start
    package var end: End
    package var clientReading: Reading
    package var upstreamReading: Reading
    /// The sides that are Unix sockets rather than TCP ones.
    package var listensOnUnix = false
    package var forwardsToUnix = false

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

    /// Whether an end may send before having received anything.
    package func speaksFirst(client: Bool) -> Bool {
        switch start {
        case .both: true
        case .client: client || bytes(fromClient: true) == 0
        case .upstream: !client || bytes(fromClient: false) == 0
        }
    }

    /// Whether an end that has sent everything ends its stream now.
    package func ends(client: Bool, sawEnd: Bool) -> Bool {
        switch end {
        case .byBoth: true
        case .byClient: client || sawEnd
        case .byUpstream: !client || sawEnd
        case .byProxy, .clientResets, .upstreamResets: sawEnd
        }
    }

    /// Whether deadlines, or the want of blocks, may end a session of this plan before its ends do.
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
