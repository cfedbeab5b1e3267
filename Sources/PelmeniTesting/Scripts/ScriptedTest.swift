public import Pelmeni
internal import PelmeniCore
internal import PelmeniRuntime

/// A program's own server, with its hooks, its client and its protocol, between scripted peers on a
/// simulated kernel.
///
/// Each seed is another run: the kernel cuts, delays and reorders what the peers send, fills blocks
/// and sockets, reports less than was asked for, and sends early, late or doubled completions. What
/// the scripts say has to hold in all of them.
///
/// ```swift
/// try ScriptedTest(
///     server: server,
///     client: [.send("get a\n"), .expect("1\n")],
///     upstream: [.expect("GET a\n"), .send("1\n")]
/// ).run(seeds: 1...500)
/// ```
///
/// Behind its last step a client ends its stream and waits for the other end; an upstream waits for
/// the end of its stream and then ends its own. Bytes that come beyond the script are a failure.
public struct ScriptedTest: Sendable {
    private let makeServer: @Sendable () -> any Server
    private let plan: ScriptPlan

    /// A test with one client, and one upstream.
    ///
    /// - Parameters:
    ///   - server: the very one that the program runs. Its endpoints are not opened: their kinds
    ///     alone count. At most four upstreams; each is another address of the same scripts.
    ///   - client: the client's script.
    ///   - upstream: the script of each connection, or datagram socket, that the engine opens
    ///     towards an upstream. One of them at least has to be opened; `[]` if none has to.
    ///   - patience: how long a step may wait, in simulated time. A longer wait is a failure.
    public init(
        server: any Server, client: [PeerStep], upstream: [PeerStep],
        patience: Duration = .seconds(60)
    ) {
        self.init(server: server, clients: [client], upstreams: [upstream], patience: patience)
    }

    /// A test with several clients, which come at any time and in any order.
    ///
    /// - Parameters:
    ///   - server: the very one that the program runs.
    ///   - clients: a script for each client.
    ///   - upstreams: scripts of the upstream's connections. A single one is for all of them. Of
    ///     several, each is for one connection: the one whose first bytes are those that the script
    ///     expects first. So each has to begin with ``PeerStep/expect(_:)-(String)``.
    ///   - patience: how long a step may wait, in simulated time. A longer wait is a failure.
    public init(
        server: any Server, clients: [[PeerStep]], upstreams: [[PeerStep]],
        patience: Duration = .seconds(60)
    ) {
        self.init(clients: clients, upstreams: upstreams, patience: patience) { server }
    }

    /// A test whose server is made anew for each seed: for hooks and protocols with state beyond a
    /// session, which would otherwise go on from one seed to the next.
    ///
    /// - Parameters:
    ///   - clients: a script for each client.
    ///   - upstreams: scripts of the upstream's connections, as in
    ///     ``init(server:clients:upstreams:patience:)``.
    ///   - patience: how long a step may wait, in simulated time. A longer wait is a failure.
    ///   - server: makes the server of a seed.
    public init(
        clients: [[PeerStep]], upstreams: [[PeerStep]], patience: Duration = .seconds(60),
        server: @escaping @Sendable () -> any Server
    ) {
        makeServer = server
        plan = ScriptPlan(
            clients: clients, upstreams: upstreams,
            patience: UInt64(clamping: patience.components.seconds) * 1_000_000_000
                + UInt64(clamping: patience.components.attoseconds / 1_000_000_000))
    }

    /// Runs seeds in order until one fails.
    ///
    /// - Throws: the ``ScriptFailure`` of the first seed that failed; an `EngineError` of kind
    ///   `usage` for a server or a script that makes no sense, as an engine would refuse it.
    public func run(seeds: some Sequence<UInt64>) throws {
        for seed in seeds { try run(seed: seed) }
    }

    /// Runs one seed.
    ///
    /// - Parameters:
    ///   - seed: decides the run, together with the test.
    ///   - trace: called with a line for each event of the run.
    /// - Throws: as ``run(seeds:)`` does.
    public func run(seed: UInt64, trace: ((String) -> Void)? = nil) throws {
        if let failure = try failure(of: seed, trace: trace) { throw failure }
    }

    /// The first failure of seeds in order; nil when all of them passed.
    ///
    /// - Throws: an `EngineError` for a server or a script that makes no sense.
    public func firstFailure(in seeds: some Sequence<UInt64>) throws(EngineError) -> ScriptFailure?
    {
        for seed in seeds {
            if let failure = try failure(of: seed, trace: nil) { return failure }
        }
        return nil
    }

    private func failure(
        of seed: UInt64, trace: ((String) -> Void)?
    ) throws(EngineError) -> ScriptFailure? {
        outcome(of: seed, pair: try checkedPair(), trace: trace).1
    }

    /// The outcome of a seed, whose hash tells whether two runs were the same.
    package func outcome(of seed: UInt64) throws(EngineError) -> (SimulationOutcome, ScriptFailure?)
    {
        outcome(of: seed, pair: try checkedPair(), trace: nil)
    }

    private func outcome(
        of seed: UInt64, pair: PairConfiguration, trace: ((String) -> Void)?
    ) -> (SimulationOutcome, ScriptFailure?) {
        let setup = SimulationSetup(seed: seed, pair: pair, scripts: plan)
        let outcome = Simulation.outcome(of: setup, trace: trace)
        guard !outcome.hasPassed else { return (outcome, nil) }
        let text = outcome.violations.joined(separator: "; ")
        return (outcome, outcome.failure ?? ScriptFailure(seed: seed, reason: text))
    }

    // MARK: Checks

    private func checkedPair() throws(EngineError) -> PairConfiguration {
        // Placement is of an engine with workers.
        var server = makeServer()
        server.options.workers = nil
        let pair = try EngineCheck.pair(of: server)
        let subject = server.endpoint.description
        guard pair.upstreams.count <= SimulationRun.upstreamsMax else {
            throw Self.usage(
                subject, "a scripted test has at most \(SimulationRun.upstreamsMax) upstreams")
        }
        for endpoint in [pair.endpoint] + pair.upstreams {
            guard case .host = endpoint else { continue }
            throw Self.usage(
                endpoint.description, "the simulated kernel has TCP, UDP and Unix sockets alone",
                "test the other side of the pair")
        }
        for hook in pair.hooks.all where hook.asyncDeadline != nil {
            throw Self.usage(
                subject,
                "the hook \(hook.name) is asynchronous: its tasks run on threads whose order no "
                    + "seed decides",
                "test its function by itself, and the pair without it")
        }
        let sides = pair.sidesOfDatagrams
        for (index, script) in plan.clients.enumerated() {
            try check(script, "client \(index)", isDatagrams: sides.client)
        }
        for (index, script) in plan.upstreams.enumerated() {
            try check(script, "upstream \(index)", isDatagrams: sides.upstream)
            guard plan.upstreams.count > 1 else { continue }
            if case .expect(let bytes)? = script.first?.action, !bytes.isEmpty { continue }
            throw Self.usage(
                "upstream \(index)", "one of several scripts begins with the bytes that it expects",
                "give each a first expect, or one script for all connections")
        }
        guard !plan.clients.isEmpty else { throw Self.usage(subject, "a test needs a client") }
        return pair
    }

    private func check(
        _ script: [PeerStep], _ peer: String, isDatagrams: Bool
    ) throws(EngineError) {
        for (index, step) in script.enumerated() {
            switch step.action {
            case .send(let bytes), .expect(let bytes):
                guard !isDatagrams || bytes.count <= 65_507 else {
                    throw Self.usage(peer, "step \(index) is longer than a datagram")
                }
            case .end, .expectEnd, .reset, .expectReset:
                guard !isDatagrams else {
                    throw Self.usage(peer, "step \(index), \(step): datagrams have no end")
                }
            case .check, .pause: break
            }
            switch step.action {
            case .reset, .expectReset:
                guard index == script.count - 1 else {
                    throw Self.usage(peer, "nothing comes behind step \(index), \(step)")
                }
            default: break
            }
        }
    }

    private static func usage(
        _ subject: String, _ reason: String, _ remedy: String = ""
    ) -> EngineError {
        EngineError(kind: .usage, side: .engine, subject: subject, reason: reason, remedy: remedy)
    }
}

extension PairConfiguration {
    /// Whether each side has datagrams.
    var sidesOfDatagrams: (client: Bool, upstream: Bool) {
        (listensForDatagrams, upstreams.first?.isDatagram ?? false)
    }
}
