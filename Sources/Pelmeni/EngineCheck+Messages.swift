package import PelmeniCore

/// What makes no sense where streams and datagrams meet. Options have the command line's names,
/// which an embedder reads as easily as a user of the command.
extension EngineCheck {
    /// A session may move on to the next destination, and must find the same kind of socket there.
    static func checkKinds(_ server: any Server) throws(EngineError) {
        var kinds: [String] = []
        for destination in server.client.destinations
        where !kinds.contains(destination.place.scheme) {
            kinds.append(destination.place.scheme)
        }
        guard kinds.count > 1 else { return }
        throw usage(
            server.listens.description,
            "the destinations of a client are of one kind, not \(kinds.joined(separator: " and "))",
            "make a pair for each kind")
    }

    static func checkMessages(_ server: any Server) throws(EngineError) {
        try checkFraming(server)
        let options = server.options
        for (name, count) in [("requests", options.requests), ("responses", options.responses)] {
            guard let count else { continue }
            guard server.kind.hasDatagrams else {
                throw usage(
                    server.listens.description,
                    "\(name) has no meaning between two streams: it counts datagrams",
                    "leave it out")
            }
            guard (1...countMax).contains(count) else {
                throw usage(
                    server.listens.description,
                    "\(name) is 1 to \(countMax) datagrams, not \(count)",
                    "leave it out for any number")
            }
        }
    }

    private static func checkFraming(_ server: any Server) throws(EngineError) {
        let subject = server.listens.description
        let options = server.options
        let given = [
            options.framing.map { _ in "framing" }, options.maxFrame.map { _ in "max-frame" },
        ].compactMap(\.self)
        guard server.kind.isFramed else {
            guard let name = given.first else { return }
            let sides = server.kind.hasDatagrams ? "datagrams on both sides" : "two streams"
            throw usage(
                subject,
                "\(name) has no meaning between \(sides): "
                    + "it cuts messages from a stream that meets datagrams",
                "leave it out")
        }
        let messages = options.messages
        guard (1...MessagePlan.maxFrameMax).contains(messages.maxFrame) else {
            throw usage(
                subject,
                "max-frame is 1 to \(MessagePlan.maxFrameMax) bytes, not \(messages.maxFrame)")
        }
        if case .fixed(let size) = messages.framing {
            guard Framing.fixedSizes.contains(size) else {
                throw usage(
                    subject,
                    "framing fixed=N has messages of \(Framing.fixedSizes.lowerBound) to "
                        + "\(Framing.fixedSizes.upperBound) bytes, not \(size)")
            }
            guard size <= messages.maxFrame else {
                throw usage(
                    subject,
                    "framing \(messages.framing) is longer than max-frame, \(messages.maxFrame)",
                    "set max-frame to \(size) or more")
            }
        }
        guard messages.framing != .eof || server.kind != .datagramToStream else {
            throw usage(
                subject,
                "framing eof makes a whole stream one message, "
                    + "so each datagram would need a connection of its own",
                "choose a framing that marks where a message ends, u16be say")
        }
    }

    /// What is allowed, and still seldom what somebody wants; nil when there is nothing to say.
    package static func warning(_ messages: MessagePlan) -> String? {
        messages.framing == .raw ? "raw framing keeps no message boundaries" : nil
    }
}
