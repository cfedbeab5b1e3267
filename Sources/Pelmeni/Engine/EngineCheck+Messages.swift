internal import PelmeniCore
package import PelmeniRuntime

/// Checks of framings, kinds and message limits.
extension EngineCheck {
    /// A session may move on to the next upstream, which must have the same kind of socket. A
    /// client of a named kind has upstreams of that kind.
    func checkKinds(_ server: any Server) throws(EngineError) {
        let client = server.client
        var kinds: [String] = []
        for upstream in client.endpoints where !kinds.contains(upstream.scheme) {
            kinds.append(upstream.scheme)
        }
        let subject = server.endpoint.description
        guard kinds.count == 1 else {
            throw usage(
                subject,
                "the upstreams of a pair are of one kind, not \(kinds.joined(separator: " and "))",
                "make a pair for each kind")
        }
        if let scheme = client.scheme, scheme != kinds.first {
            throw usage(
                subject,
                "a \(type(of: client)) forwards to \(scheme) endpoints, not to \(kinds[0])",
                "use the client of that kind")
        }
    }

    func checkMessages(_ server: any Server) throws(EngineError) {
        try checkFraming(server)
        let options = server.options
        let limits: [(OptionName, Int?)] = [
            (.requestLimit, options.requestLimit), (.responseLimit, options.responseLimit),
        ]
        let subject = server.endpoint.description
        for (option, limit) in limits {
            guard let limit else { continue }
            guard server.kind.hasDatagrams else {
                throw usage(
                    subject,
                    "\(name(option)) has no meaning between two streams: it counts datagrams",
                    "leave it out")
            }
            guard (1...Self.countMax).contains(limit) else {
                throw usage(
                    subject, "\(name(option)) is 1 to \(Self.countMax) datagrams, not \(limit)",
                    "leave it out for any number")
            }
        }
    }

    private func checkFraming(_ server: any Server) throws(EngineError) {
        let subject = server.endpoint.description
        guard server.kind.isFramed else { return try checkUnframed(server) }
        let messages = server.messages
        if server.kind == .framedStreams {
            try checkEnd(messages.client, of: subject, isBetweenStreams: true)
            return try checkEnd(messages.upstream, of: subject, isBetweenStreams: true)
        }
        guard messages.client == messages.upstream else {
            throw usage(
                subject,
                "the pair has one stream, and two framings: \(messages.client.framing) of "
                    + "\(messages.client.maxFrame) bytes and \(messages.upstream.framing) of "
                    + "\(messages.upstream.maxFrame)",
                "give one of them")
        }
        try checkEnd(messages.client, of: subject, isBetweenStreams: false)
        guard messages.client.framing != .eof || server.kind != .datagramsToStream else {
            throw usage(
                subject,
                "framing eof makes a whole stream one message, "
                    + "so each datagram would need a connection of its own",
                "choose a framing that marks where a message ends, u16be say")
        }
    }

    /// A pair without framing cuts no message from a stream.
    private func checkUnframed(_ server: any Server) throws(EngineError) {
        let options = server.options
        var given: [OptionName] = []
        if options.framing != nil || server.client.framing != nil { given.append(.framing) }
        if options.frameBytesMax != nil || server.client.frameBytesMax != nil {
            given.append(.frameBytesMax)
        }
        guard let option = given.first else { return }
        let subject = server.endpoint.description
        guard server.kind.hasDatagrams else {
            throw usage(
                subject,
                "\(name(option)) has no meaning between two streams without a framing: "
                    + "no message is cut from them",
                "leave it out, or give a framing")
        }
        throw usage(
            subject,
            "\(name(option)) has no meaning between datagrams on both sides: "
                + "it cuts messages from a stream",
            "leave it out")
    }

    /// Checks the framing of one stream.
    private func checkEnd(
        _ end: StreamFraming, of subject: String, isBetweenStreams: Bool
    ) throws(EngineError) {
        let most =
            isBetweenStreams
            ? FramingConfiguration.maxFrameBetweenStreams : FramingConfiguration.maxFrameMax
        let frameBytesMax = name(.frameBytesMax)
        guard (1...most).contains(end.maxFrame) else {
            let sides = isBetweenStreams ? " between two streams" : ""
            throw usage(
                subject, "\(frameBytesMax) is 1 to \(most) bytes\(sides), not \(end.maxFrame)")
        }
        if isBetweenStreams, end.framing == .eof {
            throw usage(
                subject,
                "framing eof makes a whole stream one message, which two streams are anyway",
                "leave it out, or choose a framing that marks where a message ends")
        }
        guard case .fixed(let size) = end.framing else { return }
        guard Framing.fixedSizes.contains(size) else {
            throw usage(
                subject,
                "framing fixed=N has messages of \(Framing.fixedSizes.lowerBound) to "
                    + "\(Framing.fixedSizes.upperBound) bytes, not \(size)")
        }
        guard size <= end.maxFrame else {
            throw usage(
                subject,
                "framing \(end.framing) is longer than \(frameBytesMax), \(end.maxFrame)",
                "set \(frameBytesMax) to \(size) or more")
        }
    }

    /// A warning for a valid setting that operators seldom want; nil when there is none.
    package static func warning(_ messages: FramingConfiguration) -> String? {
        messages.client.framing == .raw || messages.upstream.framing == .raw
            ? "raw framing keeps no message boundaries" : nil
    }
}
