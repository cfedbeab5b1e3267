import Glibc
import Synchronization

/// Takes the process's signals with sigwait(3), so that plain code on one thread handles them.
///
/// Signals wait until the command is known; then the command subscribes to them, or they have their
/// default effect.
final class SignalWatch: Sendable {
    /// One for the process: signals belong to the process.
    static let process = SignalWatch()

    private enum Phase: Sendable {
        case undecided(waiting: [Signal])
        case subscribed(AsyncStream<Signal>.Continuation)
        case letGo
    }

    private let phase = Mutex<Phase>(.undecided(waiting: []))

    private init() {}

    /// Blocks the signals for `watch()`. Called on the main thread before there is another: threads
    /// inherit the mask, and a thread without it would take the signal and end the process.
    func hold() {
        var set = Self.set(Signal.allCases)
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // A closed peer is an error of the write, not the end of the process.
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

    /// The signals in the order of arrival, waiting ones first.
    func subscribe() -> AsyncStream<Signal> {
        let (stream, continuation) = AsyncStream<Signal>.makeStream()
        for signal in decide(.subscribed(continuation)) { continuation.yield(signal) }
        return stream
    }

    /// Gives signals their default effect.
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
        // Unblocked, the signal has the effect the process was started with: the process ends, or
        // ignores it under nohup.
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
