internal import Dispatch
internal import PelmeniCore
internal import PelmeniRuntime
internal import Synchronization

/// The result that a starting thread passes to the waiting one.
final class SpawnResult: Sendable {
    private let value = Mutex<Result<Int32, SystemError>?>(nil)
    private let ready = DispatchSemaphore(value: 0)

    func set(_ result: Result<Int32, SystemError>) {
        value.withLock { $0 = result }
        ready.signal()
    }

    func wait() -> Result<Int32, SystemError> {
        ready.wait()
        return value.withLock { $0 } ?? .failure(SystemError(code: 0))
    }
}
