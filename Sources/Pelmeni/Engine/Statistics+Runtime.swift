internal import PelmeniCore
internal import PelmeniRuntime

extension Statistics {
    init(_ runtime: EngineRuntime) {
        for cause in EndCause.allCases {
            let sum = runtime.workers.reduce(0) { $0 + $1.counters.get(cause) }
            if sum > 0 { causes[cause] = sum }
        }
        logEntriesLost = runtime.configuration.log.lost
        for worker in runtime.workers {
            let counters = worker.counters
            accepted += counters.get(.accepted)
            open += counters.get(.sessionsOpen)
            bytesToUpstream += counters.get(.bytesToUpstream)
            bytesToClient += counters.get(.bytesToClient)
            bytesSpliced += counters.get(.splicedBytes)
            datagramsToUpstream += counters.get(.datagramsToUpstream)
            datagramsToClient += counters.get(.datagramsToClient)
            descriptorsDropped += counters.get(.descriptorsDropped)
            let dropped = Self.drops(counters)
            drops.merge(dropped, uniquingKeysWith: +)
            let served = runtime.configuration.pairs.indices.filter {
                runtime.configuration.pairs[$0].workers?.contains(worker.index) ?? true
            }
            workers.append(
                WorkerStatistics(
                    accepted: counters.get(.accepted), open: counters.get(.sessionsOpen),
                    datagramsToUpstream: counters.get(.datagramsToUpstream),
                    datagramsToClient: counters.get(.datagramsToClient), drops: dropped,
                    cpuNanoseconds: UInt64(clamping: worker.cpuNanoseconds),
                    loops: counters.get(.loops), enters: counters.get(.enters),
                    acceptPauses: counters.get(.acceptPauses),
                    refusals: counters.get(.refusals), starved: counters.get(.starved),
                    blocksLeased: counters.get(.blocksLeased), pairs: Array(served)))
        }
        hooks = Self.hooks(runtime)
        openByPair = runtime.configuration.pairs.indices.map { runtime.sessionsOpen(pair: $0) }
    }

    private static func hooks(_ runtime: EngineRuntime) -> [HookStatistics] {
        var hooks: [HookStatistics] = []
        for (pair, configuration) in runtime.configuration.pairs.enumerated() {
            let counts = runtime.workers.map { $0.hooks.counts(pair: pair) }
            for (index, hook) in configuration.hooks.all.enumerated() {
                hooks.append(
                    HookStatistics(
                        name: hook.name, pair: pair,
                        calls: counts.reduce(0) { $0 + $1[index].get(.calls) },
                        drops: counts.reduce(0) { $0 + $1[index].get(.drops) },
                        stalls: counts.reduce(0) { $0 + $1[index].get(.stalls) }))
            }
        }
        return hooks
    }

    /// The reasons that occurred.
    private static func drops(_ counters: Counters) -> [DropReason: UInt64] {
        var drops: [DropReason: UInt64] = [:]
        for reason in DropReason.allCases {
            let count = counters.get(reason)
            if count > 0 { drops[reason] = count }
        }
        return drops
    }
}
