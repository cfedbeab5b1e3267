import Glibc
import Pelmeni
import Synchronization

/// Where asynchronous hooks wait until the test lets them go on: no sleep decides.
final class AsyncGate: Sendable {
    private struct State {
        var isOpen: Set<Int> = []
        var allOpen = false
        var serial = 0
        var waiting: [Int: (number: Int, continuation: CheckedContinuation<Void, Never>)] = [:]
    }

    private let state = Mutex(State())

    /// Waits until a number is let through, also when the task is cancelled.
    func waitStubbornly(_ number: Int = 0) async {
        await withCheckedContinuation { continuation in
            if !enter(number, continuation).isWaiting { continuation.resume() }
        }
    }

    /// Waits until a number is let through.
    ///
    /// - Throws: `CancellationError`, once the task is cancelled.
    func wait(_ number: Int = 0) async throws {
        let serial = state.withLock {
            $0.serial += 1
            return $0.serial
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if !enter(number, continuation, serial).isWaiting || Task.isCancelled {
                    leave(serial) ?? continuation.resume()
                }
            }
        } onCancel: {
            _ = leave(serial)
        }
        try Task.checkCancellation()
    }

    /// The calls that wait.
    var count: Int { state.withLock { $0.waiting.count } }

    func open(_ number: Int) {
        let waiting = state.withLock { state in
            state.isOpen.insert(number)
            let keys = state.waiting.filter { $0.value.number == number }.keys
            return keys.compactMap { state.waiting.removeValue(forKey: $0)?.continuation }
        }
        for continuation in waiting { continuation.resume() }
    }

    func openAll() {
        let waiting = state.withLock { state in
            state.allOpen = true
            defer { state.waiting = [:] }
            return state.waiting.values.map(\.continuation)
        }
        for continuation in waiting { continuation.resume() }
    }

    private func enter(
        _ number: Int, _ continuation: CheckedContinuation<Void, Never>, _ serial: Int? = nil
    ) -> (isWaiting: Bool, serial: Int) {
        state.withLock { state in
            guard !state.allOpen, !state.isOpen.contains(number) else { return (false, 0) }
            var key = serial ?? 0
            if serial == nil {
                state.serial += 1
                key = state.serial
            }
            state.waiting[key] = (number, continuation)
            return (true, key)
        }
    }

    /// Lets one go; nil when it does not wait.
    private func leave(_ serial: Int) -> Void? {
        state.withLock { $0.waiting.removeValue(forKey: serial) }?.continuation.resume()
    }
}

/// The name of the calling thread: a worker's is `pelmeni-` and its number.
func threadName() -> String {
    let file = open("/proc/thread-self/comm", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    let bytes = [UInt8](unsafeUninitializedCapacity: 32) { room, count in
        count = max(0, read(file, room.baseAddress, room.count))
    }
    return String(decoding: bytes.prefix { $0 != 0x0a }, as: UTF8.self)
}

/// An actor that hooks of all workers ask.
actor Counting {
    private var numbers: [String: Int] = [:]
    private(set) var threads: Set<String> = []

    func next(_ name: String) -> Int {
        threads.insert(threadName())
        numbers[name, default: 0] += 1
        return numbers[name] ?? 0
    }
}

/// Answers as the first five letters of a unit say: at once, or behind an actor.
struct Obedient: AsyncBeforeForward, AsyncBeforeSend, AsyncBeforeRespond {
    var counting: Counting?

    private func obey(
        _ data: consuming Buffer, _ session: SessionInfo
    ) async throws -> AsyncVerdict {
        _ = await counting?.next("all")
        let text = data.text
        switch text.prefix(5) {
        case "reply": return .reply(try Buffer("no \(text)"))
        case "empty": return .reply(Buffer())
        case "other": return .forward(try Buffer("another one"))
        case "longe":
            try data.append("!")
            return .forward(data)
        case "drop ": return .drop
        case "finis": return .finish()
        case "good ": return .finish(try Buffer("bye"))
        case "close": return .close("it said so")
        case "throw": throw HookTestError(description: "it threw")
        case "relea": return .release(data)
        default: return .forward(data)
        }
    }

    func beforeForward(
        _ data: consuming Buffer, _ session: SessionInfo
    ) async throws -> AsyncVerdict { try await obey(data, session) }

    func beforeSend(
        _ data: consuming Buffer, _ session: SessionInfo
    ) async throws -> AsyncVerdict { try await obey(data, session) }

    func beforeRespond(
        _ data: consuming Buffer, _ session: SessionInfo
    ) async throws -> AsyncVerdict { .forward(data) }
}
