/// A thread's `schedstat`: the scheduler's times, exact where ticks are coarse.
struct ThreadSchedule: Equatable {
    /// Nanoseconds on a core.
    var running: UInt64
    /// Nanoseconds ready to run, and waiting for a core.
    var waiting: UInt64

    init?(parsing text: String) {
        let fields = text.split { $0 == " " || $0 == "\n" }
        guard fields.count >= 2, let running = UInt64(fields[0]), let waiting = UInt64(fields[1])
        else { return nil }
        self.running = running
        self.waiting = waiting
    }
}
