internal import PelmeniCore
internal import PelmeniRuntime

/// Checks of protocols: at most one for each side of a pair, which carries what the other side has.
extension EngineCheck {
    /// The pair's drivers.
    func drivers(_ server: any Server) throws(EngineError) -> DriverPlans {
        var plans = DriverPlans(
            ofServer: server.driver.map { DriverPlan($0) },
            ofClient: server.client.driver.map { DriverPlan($0) }, ofPair: server.pairDriver)
        if let table = plans.ofPair { try checkPair(table, server, plans) }
        if plans.ofPair == nil { try checkHTTP(server, plans) }
        try checkPorts(server, plans)
        if let table = plans.ofServer?.table { try checkCargo(table, ofClient: false, server) }
        if let table = plans.ofClient?.table { try checkCargo(table, ofClient: true, server) }
        try checkDials(server, plans)
        try initialize(&plans.ofServer, .listener, server.endpoint)
        try initialize(&plans.ofClient, .upstream, server.client.endpoints.first)
        return plans
    }

    /// The driver of a pair speaks with two streams of bytes, and sees all of them.
    private func checkPair(
        _ table: PairDriverTable, _ server: any Server, _ plans: DriverPlans
    ) throws(EngineError) {
        let (subject, name) = (server.endpoint.description, table.name)
        guard plans.ofServer == nil, plans.ofClient == nil else {
            throw usage(
                subject, "the protocol \(name) speaks with both sides, and one has its own",
                "use endpoints without a protocol")
        }
        guard server.kind == .streams else {
            throw usage(
                subject, "the protocol \(name) speaks with two streams of bytes",
                "use TCP or Unix streams without framing on both sides")
        }
        do {
            try table.initialize()
        } catch {
            throw usage(subject, "the protocol \(name): \(error)", "change the pair")
        }
        guard let hook = (server.hooks + server.client.hooks).first else { return }
        throw usage(
            subject, "the hook \(hook.name) has no moment: the protocol \(name) takes all bytes",
            "let the protocol do it")
    }

    /// An endpoint of HTTP needs a driver that reads heads.
    private func checkHTTP(_ server: any Server, _ plans: DriverPlans) throws(EngineError) {
        let near = plans.ofServer == nil ? [server.endpoint] : []
        for endpoint in near + (plans.ofClient == nil ? server.client.endpoints : []) {
            guard case .http = endpoint else { continue }
            throw usage(
                server.endpoint.description, "\(endpoint) is of http, and nothing reads it",
                "use HTTPServer and HTTPClient, of PelmeniHTTP")
        }
    }

    private func initialize(
        _ plan: inout DriverPlan?, _ side: EngineError.Side, _ endpoint: Endpoint?
    ) throws(EngineError) {
        do {
            try plan?.initialize()
        } catch {
            // The command's user knows the scheme, and no type.
            let name = spelling == .library ? "the protocol \(plan?.table.name ?? "")" : "it"
            throw EngineError(
                kind: .failed, side: side, subject: endpoint?.url ?? "",
                reason: "\(name) cannot start: \(error)")
        }
    }

    /// An endpoint without a port is a custom protocol's.
    private func checkPorts(_ server: any Server, _ plans: DriverPlans) throws(EngineError) {
        let near = plans.ofServer == nil ? [server.endpoint] : []
        for endpoint in near + (plans.ofClient == nil ? server.client.endpoints : []) {
            guard case .host(_, let scheme) = endpoint else { continue }
            throw usage(
                "\(scheme)://\(endpoint)", "an endpoint without a port needs a protocol of its own",
                "use the client or the server of \(scheme)")
        }
    }

    /// A driver that connects on demand has a place where the session does without an upstream.
    private func checkDials(_ server: any Server, _ plans: DriverPlans) throws(EngineError) {
        let (near, far) = (plans.ofServer?.table, plans.ofClient?.table)
        let subject = server.endpoint.description
        if let near, near.dials, server.kind != .streamToDatagrams || far?.dials == true {
            throw usage(
                subject, "the protocol \(near.name) connects on demand, to datagrams alone",
                "use a client of datagrams, or a pair's driver")
        }
        let options = server.options
        if let near, near.dials, options.requestLimit != nil || options.responseLimit != nil {
            let option = name(options.requestLimit != nil ? .requestLimit : .responseLimit)
            throw usage(
                subject, "\(option) has no meaning: the protocol \(near.name) counts exchanges",
                "leave it out")
        }
        let given = options.framing != nil ? OptionName.framing : .frameBytesMax
        if let far, far.dials, server.kind == .datagramsToStream,
            options.framing != nil || options.frameBytesMax != nil
        {
            throw usage(
                subject, "the protocol \(far.name) cuts its own stream; \(name(given)) does not",
                "leave it out")
        }
        if let far, far.dials, server.kind != .datagramsToStream, server.kind != .framedStreams {
            throw usage(
                subject, "the protocol \(far.name) connects on demand, for messages alone",
                "use a server of datagrams, or one with a framing")
        }
    }

    /// What a driver carries, the pair has to have.
    private func checkCargo(
        _ table: DriverTable, ofClient: Bool, _ server: any Server
    ) throws(EngineError) {
        let subject = server.endpoint.description
        let (name, kind) = (table.name, server.kind)
        switch (table.carries, kind) {
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
        let isFramed = ofClient ? server.client.framing != nil : server.options.framing != nil
        let ownsStream =
            ofClient
            ? server.client.endpoints.first?.isDatagram == false : !server.endpoint.isDatagram
        guard isFramed, ownsStream, kind != .framedStreams else { return }
        throw usage(
            subject, "the protocol \(name) cuts its own stream; \(self.name(.framing)) does not",
            "leave it out")
    }
}
