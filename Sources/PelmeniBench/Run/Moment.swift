/// The processor time used up to a moment, by the subject and by all processes of the run.
struct Moment {
    let subject: ProcessUse
    let load: ProcessUse
    let origin: ProcessUse
    /// Seconds of this run's processes on the proxy's cores.
    private let ours: Double
    private let core: CoreTimes

    init(_ process: SubjectProcess, load: [ChildProcess], cores: CorePlan) {
        // The subject first: its figure matters most.
        subject = process.tree?.use() ?? ProcessUse()
        self.load = Self.use(load)
        origin = Self.use(process.origins.map(\.child))
        var nanoseconds = subject.nanoseconds
        if cores.load == cores.proxy { nanoseconds += self.load.nanoseconds }
        if cores.origin == cores.proxy { nanoseconds += origin.nanoseconds }
        ours = Double(nanoseconds) / 1e9
        core = CoreTimes.read(cores.proxy.cores)
    }

    func othersShare(since before: Moment) -> Double? {
        core.othersShare(since: before.core, ours: ours - before.ours)
    }

    /// Puts the time used since then into a sample.
    func fill(_ sample: inout Sample, since before: Moment) {
        sample.cpuSeconds = subject.seconds(since: before.subject)
        sample.loadCPUSeconds = load.seconds(since: before.load)
        sample.originCPUSeconds = origin.seconds(since: before.origin)
        sample.othersShare = othersShare(since: before)
    }

    private static func use(_ children: [ChildProcess]) -> ProcessUse {
        children.reduce(into: ProcessUse()) { $0.add(ProcessTree(root: $1.pid).use()) }
    }
}
