/// Where load, proxy and origin stand.
struct CorePlan: Equatable {
    let load: CoreSet
    let proxy: CoreSet
    let origin: CoreSet

    /// - Parameters:
    ///   - usable: the cores that this process may use.
    ///   - siblings: for a core, the ones that are threads of the same.
    ///   - workers: the proxy's.
    init(
        _ placement: BenchReport.Placement, usable: [Int], siblings: (Int) -> [Int], workers: Int
    ) throws(BenchError) {
        guard let first = usable.first else { throw .failed("this process may use no core") }
        switch placement {
        case .shared:
            // Several workers get all cores, and so has everybody: nobody is kept from any of them.
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
