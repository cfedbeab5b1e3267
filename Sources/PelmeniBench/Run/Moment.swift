/// What was used up to a moment, by the subject and by all of ours.
struct Moment {
    let subject: ProcessUse
    /// Seconds of those of ours that stand on the proxy's cores.
    private let ours: Double
    private let core: CoreTimes

    init(_ process: SubjectProcess, load: [ChildProcess], cores: CorePlan) {
        // The subject first: its figure is the one that matters.
        subject = process.tree?.use() ?? ProcessUse()
        var nanoseconds = subject.nanoseconds
        if cores.load == cores.proxy {
            nanoseconds += load.reduce(0) { $0 + ProcessTree(root: $1.pid).use().nanoseconds }
        }
        if cores.origin == cores.proxy {
            nanoseconds += process.origins.reduce(0) {
                $0 + ProcessTree(root: $1.child.pid).use().nanoseconds
            }
        }
        ours = Double(nanoseconds) / 1e9
        core = CoreTimes.read(cores.proxy.cores)
    }

    func othersShare(since before: Moment) -> Double? {
        core.othersShare(since: before.core, ours: ours - before.ours)
    }
}
