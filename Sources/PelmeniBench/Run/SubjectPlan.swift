/// A subject of the comparison, and the way to start it.
package struct SubjectPlan: Sendable {
    enum Means: Sendable {
        case direct
        /// - without: the io_uring features that are left out.
        case pelmeni(backend: String, without: String?, hook: BenchHook?)
        case peer(PeerPlan)
    }

    package var subject: Subject
    let means: Means
    /// Its own number of workers, whatever the scenario says.
    var workers: Int?

    /// The subjects of a run without names.
    package static let usual = ["direct"] + backends
    /// Pelmeni's subjects, with every feature that the kernel grants.
    package static let backends = ["io_uring", "epoll"]
    /// The subjects that run beside peers.
    package static let usualBesidePeers = ["direct", "io_uring", "io_uring-6.1", "epoll"]
    private static let known = usualBesidePeers
    /// Both backends, without hooks and with each.
    package static let withHooks = backends.flatMap { backend in
        [backend] + BenchHook.allCases.map { "\(backend)+\($0.rawValue)" }
    }

    /// - Throws: for an unknown name, with the known ones.
    package static func named(
        _ name: String, peers: [PeerPlan], version: String
    ) throws(BenchError) -> SubjectPlan {
        if let peer = peers.first(where: { $0.description.name == name }) {
            return SubjectPlan(subject: peer.subject(), means: .peer(peer))
        }
        let parts = name.split(separator: "+", maxSplits: 1).map(String.init)
        if parts.count == 2, backends.contains(parts[0]), let hook = BenchHook(rawValue: parts[1]) {
            return pelmeni(
                name, "Pelmeni \(parts[0]) with \(hook.rawValue)", version, backend: parts[0],
                hook: hook)
        }
        switch name {
        case "direct":
            return SubjectPlan(
                subject: Subject(name: name, title: "no proxy", kind: .direct), means: .direct)
        case "io_uring":
            return pelmeni(name, "Pelmeni io_uring", version, backend: "io_uring")
        case "io_uring-6.1":
            return pelmeni(
                name, "Pelmeni io_uring as on Linux 6.1", version, backend: "io_uring",
                without: "6.1")
        case "epoll":
            return pelmeni(name, "Pelmeni epoll", version, backend: "epoll")
        default:
            let names =
                known + withHooks.filter { $0.contains("+") } + peers.map(\.description.name)
            throw .usage(
                "there is no subject '\(name)'; there are \(names.joined(separator: ", "))"
                    + (peers.isEmpty ? " (peers come with --peers FILE)" : ""))
        }
    }

    private static func pelmeni(
        _ name: String, _ title: String, _ version: String, backend: String,
        without: String? = nil, hook: BenchHook? = nil
    ) -> SubjectPlan {
        SubjectPlan(
            subject: Subject(name: name, title: title, kind: .pelmeni, version: version),
            means: .pelmeni(backend: backend, without: without, hook: hook))
    }

    /// The same with two workers, as a subject of its own.
    var withTwoWorkers: SubjectPlan {
        var plan = self
        plan.subject.name += ScenarioSummary.twoWorkers
        plan.subject.title += ", 2 workers"
        plan.workers = 2
        return plan
    }

    var countsInBest: Bool {
        guard case .peer(let peer) = means else { return false }
        return peer.description.prototypeOf == nil && peer.description.countsInBest ?? false
    }

    /// Whether the subject takes part in the scenario.
    func isPart(of scenario: Scenario) -> Bool {
        if scenario.name == ScenarioCatalog.twoWorkersName { return isWhole }
        switch means {
        case .direct: return scenario.kind != .idle
        case .pelmeni(_, nil, let hook):
            guard let hook else { return true }
            return hook.pairs == scenario.traffic.pairs
                && [.exchange, .connect, .idle].contains(scenario.kind)
        // Missing kernel features show where much comes at once, with one congestion control as
        // with another, and below HTTP as without it.
        case .pelmeni:
            return scenario.congestion == nil && !scenario.isOfHTTP
                && (scenario.isBulk || scenario.connections > 1)
                && [.exchange, .connect, .download, .upload, .datagrams, .trains]
                    .contains(scenario.kind)
        case .peer(let peer):
            return peer.description.takes(scenario) && !isUnable(in: scenario)
        }
    }

    /// Whether it is a peer that would take part, but has no description for the scenario's
    /// traffic.
    func isUnable(in scenario: Scenario) -> Bool {
        guard case .peer(let peer) = means, peer.description.takes(scenario) else { return false }
        return !peer.description.covers(scenario.traffic)
    }

    /// Pelmeni with every feature that the kernel grants.
    private var isWhole: Bool {
        if case .pelmeni(_, nil, nil) = means { true } else { false }
    }
}
