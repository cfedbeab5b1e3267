/// The cores of load, proxy and origin.
struct CorePlan: Equatable {
    let load: CoreSet
    let proxy: CoreSet
    let origin: CoreSet

    /// - Parameters:
    ///   - usable: the cores that this process may use.
    ///   - siblings: the threads of a core's physical core.
    ///   - workers: the proxy's workers.
    init(
        _ placement: BenchReport.Placement, usable: [Int], siblings: (Int) -> [Int], workers: Int
    ) throws(BenchError) {
        guard let first = usable.first else { throw .failed("this process may use no core") }
        switch placement {
        case .shared:
            // With several workers every process may use all cores.
            let all = CoreSet(cores: workers > 1 ? usable : [first])
            load = all
            proxy = all
            origin = all
        case .split:
            guard workers == 1 else {
                throw .usage("--placement split is for one worker, not \(workers)")
            }
            guard usable.count > 1 else {
                throw .usage(
                    "--placement split needs two cores, and this process may use one: "
                        + "use --placement shared")
            }
            // A sibling would share the execution units with the proxy.
            let near = Set(siblings(first) + [first])
            let other = CoreSet(cores: [usable.first { !near.contains($0) } ?? usable[1]])
            load = other
            proxy = CoreSet(cores: [first])
            origin = other
        }
    }
}
