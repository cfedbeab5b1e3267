/// Processor time of a tree of processes, up to a moment.
struct ProcessUse: Equatable {
    var nanoseconds: UInt64 = 0
    var userTicks: UInt64 = 0
    var systemTicks: UInt64 = 0

    mutating func add(_ other: ProcessUse) {
        nanoseconds += other.nanoseconds
        userTicks += other.userTicks
        systemTicks += other.systemTicks
    }

    func seconds(since before: ProcessUse) -> Double {
        // A worker that ended takes its time out of the sum: the result is then too low.
        nanoseconds > before.nanoseconds ? Double(nanoseconds - before.nanoseconds) / 1e9 : 0
    }

    /// The part that was not spent in the kernel.
    func userShare(since before: ProcessUse) -> Double {
        let user = userTicks - min(userTicks, before.userTicks)
        let system = systemTicks - min(systemTicks, before.systemTicks)
        return user + system == 0 ? 0 : Double(user) / Double(user + system)
    }
}
