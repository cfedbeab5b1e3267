internal import Pelmeni

/// One value of one metric.
struct MetricSample: Equatable {
    enum Kind {
        case counter
        case gauge
    }

    struct Label: Hashable {
        let name: String
        let value: String

        init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    struct Key: Hashable {
        let name: MetricName
        let labels: [Label]
    }

    let key: Key
    let value: UInt64

    init(_ name: MetricName, _ value: UInt64, _ labels: [Label] = []) {
        key = Key(name: name, labels: labels)
        self.value = value
    }

    var kind: Kind { key.name.rawValue.hasSuffix("_total") ? .counter : .gauge }

    /// All samples of an engine; none before its start.
    static func list(_ statistics: Statistics, _ listeners: [Listener]) -> [MetricSample] {
        guard !statistics.workers.isEmpty else { return [] }
        var samples = [
            MetricSample(.bytesToUpstream, statistics.bytesToUpstream),
            MetricSample(.bytesToClient, statistics.bytesToClient),
            MetricSample(.bytesSpliced, statistics.bytesSpliced),
            MetricSample(.descriptorsDropped, statistics.descriptorsDropped),
            MetricSample(.logEntriesLost, statistics.logEntriesLost),
        ]
        samples += EndCause.allCases.map { cause in
            MetricSample(
                .sessionsEnded, statistics.causes[cause] ?? 0, [Label("cause", "\(cause)")])
        }
        samples += zip(statistics.openByPair, listeners).enumerated().map { pair, counted in
            ofPair(pair, open: counted.0, counted.1)
        }
        samples += statistics.workers.enumerated().flatMap { ofWorker($0.offset, $0.element) }
        return samples + hooks(statistics.hooks)
    }

    private static func ofPair(_ pair: Int, open: Int, _ listener: Listener) -> MetricSample {
        let upstreams = listener.upstreams.map(\.description).joined(separator: ",")
        return MetricSample(
            .sessionsOpen, UInt64(clamping: open),
            [
                Label("pair", "\(pair)"), Label("listener", listener.endpoint.description),
                Label("upstream", upstreams),
            ])
    }

    private static func ofWorker(_ number: Int, _ worker: WorkerStatistics) -> [MetricSample] {
        let label = Label("worker", "\(number)")
        let counts: [(MetricName, UInt64)] = [
            (.sessionsAccepted, worker.accepted), (.workerSessionsOpen, worker.open),
            (.datagramsToUpstream, worker.datagramsToUpstream),
            (.datagramsToClient, worker.datagramsToClient), (.workerCPU, worker.cpuNanoseconds),
            (.workerLoops, worker.loops), (.workerEnters, worker.enters),
            (.workerAcceptPauses, worker.acceptPauses), (.workerRefusals, worker.refusals),
            (.workerStarvedReads, worker.starved), (.workerBlocksLeased, worker.blocksLeased),
        ]
        return counts.map { MetricSample($0.0, $0.1, [label]) }
            + DropReason.allCases.map { reason in
                MetricSample(
                    .datagramsDropped, worker.drops[reason] ?? 0,
                    [label, Label("reason", "\(reason)")])
            }
    }

    private static func hooks(_ hooks: [HookStatistics]) -> [MetricSample] {
        hooks.enumerated().flatMap { index, hook in
            // The hooks of a pair stand together.
            let place = hooks[..<index].count { $0.pair == hook.pair }
            let labels = [
                Label("pair", "\(hook.pair)"), Label("hook", hook.name), Label("place", "\(place)"),
            ]
            return [
                MetricSample(.hookCalls, hook.calls, labels),
                MetricSample(.hookDrops, hook.drops, labels),
                MetricSample(.hookStalls, hook.stalls, labels),
            ]
        }
    }
}
