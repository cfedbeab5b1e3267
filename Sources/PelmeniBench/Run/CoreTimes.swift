internal import CPelmeni
internal import Glibc

/// The busy time of some cores in `/proc/stat`.
struct CoreTimes: Equatable {
    /// Seconds.
    var busy = 0.0
    /// A monotonic time, in nanoseconds.
    var at: UInt64 = 0
    var cores = 0

    /// - Parameter interruptsAreApart: whether the kernel keeps interrupts out of the time of the
    ///   interrupted process. They then count for no process, since most of them are our own
    ///   packets.
    init(parsing text: String, cores: [Int], interruptsAreApart: Bool, ticksPerSecond: Double) {
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard let name = fields.first, name.hasPrefix("cpu"), fields.count > 8,
                let core = Int(name.dropFirst(3)), cores.contains(core)
            else { continue }
            let ticks = fields[1...8].map { Double($0) ?? 0 }
            // user nice system idle iowait irq softirq steal
            var busy = ticks[0] + ticks[1] + ticks[2] + ticks[7]
            if !interruptsAreApart { busy += ticks[5] + ticks[6] }
            self.busy += busy / ticksPerSecond
            self.cores += 1
        }
    }

    static func read(_ cores: [Int]) -> CoreTimes {
        var times = CoreTimes(
            parsing: TextFile.read("/proc/stat") ?? "", cores: cores,
            interruptsAreApart: interruptsAreApart,
            ticksPerSecond: Double(max(1, sysconf(Int32(_SC_CLK_TCK)))))
        times.at = pelmeni_monotonic_nanoseconds()
        return times
    }

    /// The part of the cores' time that went to other programs, when ours is known; nil when
    /// unknown.
    func othersShare(since before: CoreTimes, ours: Double) -> Double? {
        guard cores > 0, at > before.at else { return nil }
        let wall = Double(at - before.at) / 1e9 * Double(cores)
        return max(0, min(1, (busy - before.busy - ours) / wall))
    }

    private static let interruptsAreApart: Bool = {
        let release = TextFile.line("/proc/sys/kernel/osrelease")
        return (TextFile.read("/boot/config-\(release)") ?? "")
            .contains("\nCONFIG_IRQ_TIME_ACCOUNTING=y")
    }()
}
