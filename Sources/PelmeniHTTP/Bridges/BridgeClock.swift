/// When something has to have happened, on the one timer of a session: a later moment than that of
/// the armed timer costs nothing, for the timer looks again.
struct BridgeClock: Sendable {
    enum Look {
        /// The time is over.
        case due
        /// Nothing is due.
        case nothing
        /// Not yet: a timer after this time.
        case after(Duration)
    }

    private var dueAt: UInt64 = 0
    private var timerAt: UInt64 = 0

    /// Something has to happen within a time. Returns the time of a new timer, if one is needed.
    mutating func set(_ time: Duration, now: UInt64) -> Duration? {
        let (seconds, attoseconds) = time.components
        let nanoseconds =
            UInt64(clamping: seconds) &* 1_000_000_000
            &+ UInt64(clamping: attoseconds / 1_000_000_000)
        dueAt = now &+ nanoseconds
        guard timerAt == 0 || timerAt > dueAt else { return nil }
        timerAt = dueAt
        return .nanoseconds(Int64(clamping: nanoseconds))
    }

    /// Nothing has to happen.
    mutating func clear() { dueAt = 0 }

    /// The timer fired.
    mutating func look(now: UInt64) -> Look {
        timerAt = 0
        guard dueAt != 0 else { return .nothing }
        guard now >= dueAt else {
            timerAt = dueAt
            return .after(.nanoseconds(Int64(clamping: dueAt &- now)))
        }
        dueAt = 0
        return .due
    }
}
