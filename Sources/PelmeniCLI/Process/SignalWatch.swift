import Glibc
import Synchronization

/// Takes the process's signals with sigwait(3), so that they are answered in plain code, on one
/// thread.
///
/// Until it is known which command runs, signals wait; then either the command subscribes to them,
/// or they do what they do by default.
final class SignalWatch: Sendable {
    /// Signals belong to the process, and so does this.
    static let process = SignalWatch()

    private enum Phase: Sendable {
        case undecided(waiting: [Signal])
        case subscribed(AsyncStream<Signal>.Continuation)
        case letGo
    }

    private let phase = Mutex<Phase>(.undecided(waiting: []))

    private init() {}

    /// Holds the signals back for `watch()`. On the main thread, before there is another: threads
    /// inherit it, and one that did not would take the signal and end the process.
    func hold() {
        var set = Self.set(Signal.allCases)
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // A peer that went away is an error of the write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for signals for ever.
    func watch() -> Never {
        var set = Self.set(Signal.allCases)
        while true {
            var number: Int32 = 0
            guard sigwait(&set, &number) == 0, let signal = Signal(number: number) else { continue }
            deliver(signal)
        }
    }

    /// Signals come here, in the order in which they arrived, those that waited first.
    func subscribe() -> AsyncStream<Signal> {
        let (stream, continuation) = AsyncStream<Signal>.makeStream()
        for signal in decide(.subscribed(continuation)) { continuation.yield(signal) }
        return stream
    }

    /// Signals do what they do by default.
    func letGo() {
        for signal in decide(.letGo) { obey(signal) }
    }

    private func decide(_ next: Phase) -> [Signal] {
        phase.withLock { phase in
            let waiting = if case .undecided(let waiting) = phase { waiting } else { [Signal]() }
            phase = next
            return waiting
        }
    }

    private func deliver(_ signal: Signal) {
        let isLetGo = phase.withLock { phase in
            switch phase {
            case .undecided(let waiting): phase = .undecided(waiting: waiting + [signal])
            case .subscribed(let subscriber): subscriber.yield(signal)
            case .letGo: return true
            }
            return false
        }
        if isLetGo { obey(signal) }
    }

    private func obey(_ signal: Signal) {
        var set = Self.set([signal])
        raise(signal.number)
        // Unblocked it does what the process was started with: it ends it, or is ignored under
        // nohup.
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    private static func set(_ signals: [Signal]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal.number) }
        return set
    }
}
