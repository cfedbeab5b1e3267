internal import Glibc
internal import PelmeniLoad

/// A running subject with an origin of its own, so that faults of the origin stay with it.
final class SubjectProcess {
    private static let patience = 10.0
    private static let peerPatience = 5.0
    /// The exit status of a proxy on a refused backend.
    private static let refusedStatus: Int32 = 3
    /// Above the scenario's connections: old ones may still be ending when new ones come.
    private static let spareConnections = 1_024

    let plan: SubjectPlan
    private(set) var origins: [OriginProcess] = []
    private(set) var proxy: ChildProcess?
    /// The measured processes; nil for a direct run.
    private(set) var tree: ProcessTree?
    /// The port for the load; below, for the stalled load.
    private(set) var port: UInt16 = 0
    private(set) var floodPort: UInt16 = 0

    convenience init(
        _ plan: SubjectPlan, _ scenario: Scenario, _ context: BenchContext, cores: CorePlan
    ) throws(BenchError) {
        try self.init(
            plan, origins: Self.originJobs(scenario), traffic: scenario.traffic,
            context, cores: cores)
    }

    init(
        _ plan: SubjectPlan, origins jobs: [OriginJob], traffic: Scenario.Traffic = .streams,
        _ context: BenchContext, cores: CorePlan
    ) throws(BenchError) {
        self.plan = plan
        do throws(BenchError) {
            for job in jobs {
                origins.append(try OriginProcess(job, context, cores: cores.origin))
            }
            let workers = plan.workers ?? context.options.workers ?? 1
            switch plan.means {
            case .direct:
                port = origins.first?.port ?? 0
                floodPort = origins.last?.port ?? 0
            case .pelmeni(let backend, let without, let hook):
                try startPelmeni(backend, without, hook, workers, traffic, context, cores.proxy)
            case .peer(let peer):
                try startPeer(peer, workers, traffic, context, cores.proxy)
            }
        } catch {
            proxy?.end(within: 0)
            for origin in origins { origin.child.end(within: 0) }
            throw error
        }
    }

    private static func originJobs(_ scenario: Scenario) -> [OriginJob] {
        switch scenario.kind {
        case .datagrams: return [OriginJob(kind: .datagramEcho)]
        // A sink that takes trains whole would spare every proxy on a loopback a cost that a
        // network has.
        case .trains: return [OriginJob(kind: .datagramSink)]
        default: break
        }
        var answer = OriginJob(kind: scenario.isOfHTTP ? .http : .answer)
        answer.isBulk = scenario.isBulk
        answer.connections = scenario.connections + scenario.bystanders + spareConnections
        guard scenario.kind == .stalled else { return [answer] }
        var source = OriginJob(kind: .source)
        source.connections = answer.connections
        return [answer, source]
    }

    private func startPelmeni(
        _ backend: String, _ without: String?, _ hook: BenchHook?, _ workers: Int,
        _ traffic: Scenario.Traffic,
        _ context: BenchContext, _ cores: CoreSet
    ) throws(BenchError) {
        var arguments = ["--backend", backend, "--workers", "\(workers)"]
        arguments += ["--pairs", traffic.pairs.rawValue]
        if let without { arguments += ["--io-uring-without", without] }
        if let hook { arguments += ["--hook", hook.rawValue] }
        for origin in origins { arguments += ["--upstream", "127.0.0.1:\(origin.port)"] }
        let child = try context.child("bench-proxy", arguments, cores: cores)
        proxy = child
        var ports: [UInt16] = []
        for _ in origins {
            guard let line = try child.readLine(within: Self.patience) else {
                let reason = child.problem()
                throw child.end() == Self.refusedStatus ? .refused(reason) : .failed(reason)
            }
            let words = line.split(separator: " ")
            guard words.count == 3, words[0] == "listening", words[2] == backend,
                let port = UInt16(words[1])
            else { throw .failed("\(plan.subject.name) does not run on \(backend): \(line)") }
            ports.append(port)
        }
        port = ports.first ?? 0
        floodPort = ports.last ?? 0
        tree = ProcessTree(root: child.pid)
    }

    private func startPeer(
        _ peer: PeerPlan, _ workers: Int, _ traffic: Scenario.Traffic, _ context: BenchContext,
        _ cores: CoreSet
    ) throws(BenchError) {
        if let refusal = peer.refusal() { throw .refused(refusal) }
        let isOfDatagrams = traffic == .datagrams
        let ports = try ListeningPort.free(origins.count, isOfDatagrams: isOfDatagrams)
        port = ports.first ?? 0
        floodPort = ports.last ?? 0
        let pairs = zip(ports, origins).map { (listen: $0, origin: $1.port) }
        let command = try peer.command(
            pairs: pairs, workers: workers, traffic: traffic, scratch: context.folder)
        let child = try context.child("bench-guard", ["--"] + command, cores: cores)
        proxy = child
        let text = try child.expect("pid", within: Self.patience)
        guard let pid = pid_t(text) else { throw .failed("\(peer.description.name): no pid") }
        let limit = ChildProcess.now() + Self.peerPatience
        while !ports.allSatisfy({ ListeningPort.isOpen($0, isOfDatagrams: isOfDatagrams) }) {
            try context.interrupt.check()
            guard child.ended() == nil, ChildProcess.now() < limit else {
                let why = "\(peer.description.name) does not listen: \(child.problem())"
                // A prototype fails where the kernel refuses a feature, which is no error of the
                // run.
                throw peer.description.prototypeOf == nil ? .failed(why) : .refused(why)
            }
            usleep(10_000)
        }
        tree = ProcessTree(root: pid)
    }

    // MARK: While it runs

    /// The reason why the subject is unusable; nil while it runs.
    var problem: String? {
        for child in [proxy].compactMap({ $0 }) + origins.map(\.child) where child.ended() != nil {
            return "\(child.name) ended: \(child.problem())"
        }
        return nil
    }

    /// Nil for subjects without counters.
    func counters() throws(BenchError) -> ProxyCounters? {
        guard case .pelmeni = plan.means, let proxy else { return nil }
        try proxy.write(line: "counters")
        guard let line = try proxy.readLine(within: Self.patience) else {
            throw .failed("the proxy ended: \(proxy.problem())")
        }
        return try JSONLine.value(ProxyCounters.self, line, of: "the proxy")
    }

    /// Ends the subject and its origins.
    ///
    /// - Returns: the faults of the origins.
    func finish() -> [String: Int] {
        proxy?.end()
        return origins.reduce(into: [:]) { $0.merge($1.finish(), uniquingKeysWith: +) }
    }
}
