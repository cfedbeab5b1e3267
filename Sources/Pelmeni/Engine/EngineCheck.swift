internal import PelmeniCore
package import PelmeniRuntime

/// Turns descriptions into a configuration, or throws an error in the spelling of their source.
package struct EngineCheck: Sendable {
    let spelling: OptionName.Spelling

    func configuration(
        backend: BackendChoice, workers: Int?, servers: [any Server], options: EngineOptions
    ) throws(EngineError) -> EngineConfiguration {
        guard !servers.isEmpty else {
            throw usage(name(.servers), "an engine needs at least one server")
        }
        guard servers.count <= EngineConfiguration.pairsMax else {
            throw usage(
                name(.servers), "at most \(EngineConfiguration.pairsMax) pairs fit into one engine")
        }
        let count = workers ?? Processors.workers()
        guard (1...EngineConfiguration.workersMax).contains(count) else {
            throw usage(
                name(.workers), "\(count) is not between 1 and \(EngineConfiguration.workersMax)")
        }
        try checkEngine(options, workers: count)
        var pairs: [PairConfiguration] = []
        for server in servers { pairs.append(try pair(server, workers: count)) }
        return EngineConfiguration(
            choice: backend, without: options.disabledFeatures.mask, workers: count,
            pins: options.pinsWorkers, pairs: pairs, poolBytes: options.poolBytes,
            sessionsCap: options.sessionLimit ?? 0,
            log: EngineLog(level: options.logLevel, sink: options.log), spelling: spelling)
    }

    /// One checked pair, for a worker that no engine starts.
    package static func pair(of server: any Server) throws(EngineError) -> PairConfiguration {
        try EngineCheck(spelling: .library).pair(server, workers: 1)
    }

    private func pair(
        _ server: any Server, workers: Int
    ) throws(EngineError) -> PairConfiguration {
        let subject = server.endpoint.description
        let upstreams = server.client.endpoints
        guard (1...Upstream.upstreamsMax).contains(upstreams.count) else {
            throw usage(
                subject,
                "a pair has 1 to \(Upstream.upstreamsMax) upstreams, not \(upstreams.count)")
        }
        for upstream in upstreams { try check(upstream) }
        try checkHost(server.endpoint)
        if server.endpoint.isUnix { try check(server.endpoint) }
        try checkKinds(server)
        try checkMessages(server)
        try checkHooks(server)
        try checkNetwork(server)
        try checkWhenDown(server)
        let options = server.options
        try checkSessions(options.sessionLimit, .pairSessionLimit, of: subject)
        try checkDurations(server)
        let mode = server.permissions.rawValue
        guard mode <= Self.modeMax else {
            throw usage(
                subject, "\(name(.permissions)) is 0 to 0777, not 0\(String(mode, radix: 8))")
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
        var pair = PairConfiguration(
            endpoint: server.endpoint, upstreams: upstreams,
            deadlines: options.deadlines(of: server.kind), options: options.socketOptions,
            sessionsMax: options.sessionLimit ?? 0, workers: options.workers?.sorted(),
            mode: mode, messages: server.messages,
            datagramOptions: options.datagramOptions, network: Self.place(of: server),
            hooks: HookPlan(ofServer: server.hooks, ofClient: server.client.hooks),
            drivers: try drivers(server))
        pair.names = options.nameUse
        pair.refusesWhenDown = server.whenDown == .refuse
        return pair
    }

    /// A host of another spelling never resolves, and could not be given to the command.
    private func checkHost(_ endpoint: Endpoint) throws(EngineError) {
        guard let host = endpoint.hostAndPort?.host, !host.isEmpty, !HostText.isValid(host) else {
            return
        }
        throw usage(
            endpoint.description, "this is no host",
            "valid: a name of ASCII letters, digits, -, . and _; an IPv4 address; an IPv6 address, "
                + "which may end in % and an interface's name or number")
    }

    private func check(_ endpoint: Endpoint) throws(EngineError) {
        try checkHost(endpoint)
        switch endpoint {
        case .tcp(let host, let port), .udp(let host, let port), .http(let host, let port):
            guard !host.isEmpty else {
                throw usage(endpoint.description, "an upstream needs a host")
            }
            guard port > 0 else {
                throw usage(endpoint.description, "an upstream needs a port")
            }
        case .host(let host, let scheme):
            guard !host.isEmpty else { throw usage("\(scheme)://", "an upstream needs a host") }
        case .unix(let path), .unixDatagram(let path):
            guard SocketAddress(path: path) != nil else {
                throw usage(
                    endpoint.description,
                    endpoint.isAbstract
                        ? "an abstract name has 1 to 107 bytes behind the @, and none is zero"
                        : "a socket path has 1 to 107 bytes")
            }
        }
    }

    func name(_ option: OptionName) -> String { option.spelled(spelling) }

    func usage(_ subject: String, _ reason: String, _ remedy: String = "") -> EngineError {
        EngineError(kind: .usage, side: .engine, subject: subject, reason: reason, remedy: remedy)
    }
}
