internal import CPelmeni
internal import Glibc

/// A process and its descendants: workers count like their master.
struct ProcessTree {
    let root: pid_t

    var pids: [pid_t] {
        var found = [root]
        var next = 0
        while next < found.count {
            let pid = found[next]
            next += 1
            for thread in TextFile.names(in: "/proc/\(pid)/task") {
                let text = TextFile.read("/proc/\(pid)/task/\(thread)/children") ?? ""
                found += text.split { $0 == " " || $0 == "\n" }.compactMap { pid_t($0) }
            }
        }
        return found
    }

    /// The processor time of the tree so far.
    func use() -> ProcessUse {
        pids.reduce(into: ProcessUse()) { sum, pid in
            let stat = TextFile.read("/proc/\(pid)/stat").flatMap(ProcessStat.init(parsing:))
            sum.userTicks += stat?.userTicks ?? 0
            sum.systemTicks += stat?.systemTicks ?? 0
            sum.nanoseconds += Self.nanoseconds(pid, stat)
        }
    }

    /// Resident memory, summed: pages that master and worker share count in each of them.
    func memory() -> (now: UInt64, peak: UInt64) {
        pids.reduce(into: (now: 0, peak: 0)) { sum, pid in
            let status = ProcessStatus(parsing: TextFile.read("/proc/\(pid)/status") ?? "")
            sum.now += status.residentBytes
            sum.peak += status.residentPeakBytes
        }
    }

    private static func nanoseconds(_ pid: pid_t, _ stat: ProcessStat?) -> UInt64 {
        // The process's own clock is the sum of its threads' schedstat, and keeps those that have
        // ended. Linux makes its number of the pid like this; see clock_getcpuclockid(3).
        let clock = pelmeni_clock_nanoseconds((~pid << 3) | 2)
        if clock >= 0 { return UInt64(clock) }
        let threads = TextFile.names(in: "/proc/\(pid)/task").compactMap {
            TextFile.read("/proc/\(pid)/task/\($0)/schedstat").flatMap(
                ThreadSchedule.init(parsing:))
        }
        let scheduled = threads.reduce(0) { $0 + $1.running }
        if scheduled > 0 { return scheduled }
        let ticks = (stat?.userTicks ?? 0) + (stat?.systemTicks ?? 0)
        return ticks * (1_000_000_000 / UInt64(max(1, sysconf(Int32(_SC_CLK_TCK)))))
    }
}
