internal import PelmeniCore
internal import PelmeniRuntime

/// Checks of protocols: one in a pair, which carries what the other side has.
extension EngineCheck {
    /// The pair's driver; nil without one.
    func driver(_ server: any Server) throws(EngineError) -> DriverPlan? {
        let subject = server.endpoint.description
        let plan: DriverPlan
        switch (server.driver, server.client.driver) {
        case (nil, nil): return nil
        case (let own?, nil): plan = DriverPlan(own, side: .client)
        case (nil, let own?): plan = DriverPlan(own, side: .upstream)
        case (let first?, let second?):
            throw usage(
                subject,
                "the server speaks \(first.name) and the client \(second.name): "
                    + "a pair has one protocol of its own",
                "let two pairs meet at a Unix socket")
        }
        try checkCargo(plan, server)
        return plan
    }

    private func checkCargo(_ plan: DriverPlan, _ server: any Server) throws(EngineError) {
        let subject = server.endpoint.description
        let (name, kind) = (plan.table.name, server.kind)
        switch (plan.table.carries, kind) {
        case (.stream, .streams), (.stream, .hookedStreams): return
        case (.messages, .streams), (.messages, .hookedStreams):
            throw usage(
                subject,
                "the protocol \(name) carries messages, and the other side is a stream of bytes",
                "give that side a framing, or let the protocol carry .stream")
        case (.stream, _):
            throw usage(
                subject, "the protocol \(name) carries a stream, and the pair has messages",
                "leave the framing out and use two streams, or let it carry .messages")
        case (.messages, _): break
        }
        let isOwnFramed =
            plan.side == .client ? server.options.framing != nil : server.client.framing != nil
        let ownsStream =
            plan.side == .client
            ? !server.endpoint.isDatagram : server.client.endpoints.first?.isDatagram == false
        guard isOwnFramed, ownsStream, kind != .framedStreams else { return }
        throw usage(
            subject, "the protocol \(name) cuts its own stream; \(self.name(.framing)) does not",
            "leave it out")
    }
}
