internal import PelmeniCore

/// Turns descriptions into a plan, or says what makes no sense.
package enum EngineCheck {
    static func plan(
        backend: BackendChoice, workers: Int?, servers: [any Server], options: EngineOptions
    ) throws(EngineError) -> RuntimePlan {
        guard !servers.isEmpty else {
            throw usage("servers", "an engine needs at least one server")
        }
        guard servers.count <= RuntimePlan.pairsMax else {
            throw usage("servers", "at most \(RuntimePlan.pairsMax) pairs fit into one engine")
        }
        let count = workers ?? Processors.workers()
        guard (1...RuntimePlan.workersMax).contains(count) else {
            throw usage("workers", "\(count) is not between 1 and \(RuntimePlan.workersMax)")
        }
        try checkEngine(options, workers: count)
        var without: IOUringFeatures = []
        for name in options.without {
            guard let feature = IOUringFeatures.named(name) else {
                let names = IOUringFeatures.descriptions.map(\.name).joined(separator: ", ")
                throw usage(name, "no io_uring feature has this name", "one of none, 6.1, \(names)")
            }
            without.formUnion(feature)
        }
        var pairs: [PairPlan] = []
        for server in servers { pairs.append(try pair(server, workers: count)) }
        return RuntimePlan(
            choice: backend, without: without, workers: count, pins: options.pin, pairs: pairs,
            poolBytes: options.poolBytes, sessionsCap: options.sessions ?? 0,
            log: EngineLog(level: options.logLevel, sink: options.log))
    }

    private static func pair(_ server: any Server, workers: Int) throws(EngineError) -> PairPlan {
        let subject = server.listens.description
        let destinations = server.client.destinations
        guard (1...Upstream.upstreamsMax).contains(destinations.count) else {
            throw usage(
                subject,
                "a client has 1 to \(Upstream.upstreamsMax) destinations, not \(destinations.count)"
            )
        }
        for destination in destinations { try check(destination) }
        if server.listens.place.isUnix { try check(server.listens) }
        try checkKinds(server)
        try checkMessages(server)
        try checkReceiveBuffer(server)
        let options = server.options
        try checkSessions(options.sessions, of: subject)
        try checkDurations(server)
        guard server.mode <= modeMax else {
            throw usage(subject, "mode is 0 to 0777, not 0\(String(server.mode, radix: 8))")
        }
        if let chosen = options.workers {
            guard !chosen.isEmpty, Set(chosen).count == chosen.count else {
                throw usage(subject, "the workers of a pair are named once each, and at least one")
            }
            if let wrong = chosen.first(where: { !(0..<workers).contains($0) }) {
                throw usage(
                    subject, "there is no worker \(wrong)",
                    "workers are numbered 0 to \(workers - 1)")
            }
        }
        return PairPlan(
            listen: server.listens.place, upstreams: destinations.map(\.place),
            deadlines: options.deadlines(of: server.kind), options: options.socketOptions,
            sessionsMax: options.sessions ?? 0, workers: options.workers?.sorted(),
            mode: server.mode, messages: options.messages,
            receiveBuffer: ReceiveBuffer(bytes: options.receiveBuffer))
    }

    private static func check(_ destination: Destination) throws(EngineError) {
        switch destination.kind {
        case .tcp(let host, let port), .udp(let host, let port):
            guard !host.isEmpty else {
                throw usage(destination.description, "a destination needs a host")
            }
            guard port > 0 else {
                throw usage(destination.description, "a destination needs a port")
            }
        case .unix(let path), .unixDatagram(let path):
            guard (1...107).contains(path.utf8.count), !path.utf8.contains(0) else {
                throw usage(path, "a socket path has 1 to 107 bytes")
            }
        }
    }

    static func usage(
        _ subject: String, _ reason: String, _ remedy: String = ""
    ) -> EngineError {
        EngineError(kind: .usage, side: .engine, subject: subject, reason: reason, remedy: remedy)
    }
}
