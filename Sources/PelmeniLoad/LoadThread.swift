internal import CPelmeni
internal import Glibc
internal import PelmeniCore
internal import PelmeniRuntime
internal import Synchronization

/// A thread that ends with a value.
final class LoadThread<Value: Sendable>: Sendable {
    private enum State {
        case running
        case awaited(CheckedContinuation<Value, Never>)
        case ended(Value)
    }

    private final class Outcome: Sendable {
        private let state = Mutex<State>(.running)

        func end(_ value: Value) {
            let waiting: CheckedContinuation<Value, Never>? = state.withLock { state in
                if case .awaited(let continuation) = state { return continuation }
                state = .ended(value)
                return nil
            }
            waiting?.resume(returning: value)
        }

        func wait() async -> Value {
            await withCheckedContinuation { continuation in
                let value: Value? = state.withLock { state in
                    if case .ended(let value) = state { return value }
                    state = .awaited(continuation)
                    return nil
                }
                if let value { continuation.resume(returning: value) }
            }
        }
    }

    private let outcome = Outcome()
    private let thread: pthread_t
    private let isJoined = Atomic<Bool>(false)

    /// - Parameter name: at most 15 bytes, shown by `top -H`.
    init(_ name: String, body: @escaping @Sendable () -> Value) throws(SystemError) {
        let outcome = outcome
        let body = ThreadBody(name: name) { outcome.end(body()) }
        var thread = pthread_t()
        let error = pthread_create(
            &thread, nil,
            { raw in
                guard let raw else { return nil }
                let body = Unmanaged<ThreadBody>.fromOpaque(raw).takeRetainedValue()
                _ = pelmeni_thread_name(body.name)
                body.run()
                return nil
            }, Unmanaged.passRetained(body).toOpaque())
        self.thread = thread
        guard error == 0 else {
            isJoined.store(true, ordering: .relaxed)
            Unmanaged.passUnretained(body).release()
            throw SystemError(code: error)
        }
    }

    deinit {
        if !isJoined.load(ordering: .relaxed) { pthread_detach(thread) }
    }

    /// Waits for the thread's end. Call it once.
    func value() async -> Value {
        let value = await outcome.wait()
        // The value is the thread's last action: this waits for its return only.
        if !isJoined.exchange(true, ordering: .relaxed) { pthread_join(thread, nil) }
        return value
    }
}
