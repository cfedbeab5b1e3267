/// When a worker gives back memory that only a burst needs: once it was quiet for a while, and
/// enough happened before. A worker that is never quiet pays nothing, one with a request now and
/// then a call for some hundred completions.
struct QuietWatch {
    /// Completions that go before.
    private let least: Int
    /// Completions since memory was given back.
    private var completions = 0
    /// When the last one came.
    private var lastAt: UInt64 = 0

    /// Quiet for so long. Shorter, a pause between two bursts would count.
    static let silence: UInt64 = 200_000_000
    /// The last wait, at least.
    static let waitMin: UInt64 = 50_000_000
    /// Fewer touch as many blocks at most, which stay: 1 MiB of one page each.
    static let completionsMin = 256

    init(completionsMin: Int = Self.completionsMin) { least = completionsMin }

    /// Completions of a loop.
    @inline(__always)
    mutating func note(_ count: Int, at now: UInt64) {
        guard count > 0 else { return }
        completions &+= count
        lastAt = now
    }

    /// When the worker has been quiet; `UInt64.max` where there is nothing to give back.
    @inline(__always)
    var dueAt: UInt64 { completions < least ? .max : lastAt &+ Self.silence }

    /// Whether memory is given back now. Then it counts anew.
    ///
    /// - Parameter waited: since the last loop's completions came: their handling, and the wait.
    ///   Behind a short one the kernel may not have begun what it was just given.
    @inline(__always)
    mutating func take(at now: UInt64, waited: UInt64) -> Bool {
        guard now >= dueAt else { return false }
        guard waited >= Self.waitMin else {
            lastAt = now
            return false
        }
        completions = 0
        return true
    }
}
