internal import CPelmeni
internal import Foundation
internal import PelmeniCore
internal import PelmeniRuntime
internal import Synchronization

/// The logical cores that a process may run on: one, or all of this process's.
struct CoreSet: Equatable {
    let cores: [Int]

    /// The cores of this process, rising.
    static var usable: CoreSet {
        let count = Int(pelmeni_usable_processors(nil, 0))
        var list = [Int32](repeating: 0, count: max(0, count))
        let found = Int(pelmeni_usable_processors(&list, Int32(list.count)))
        return CoreSet(cores: list.prefix(max(0, found)).map(Int.init))
    }

    /// Starts a process that may run on these cores alone.
    func start(_ command: SpawnCommand) -> Result<Int32, SystemError> {
        guard cores.count == 1, let core = cores.first else { return command.start() }
        let result = SpawnResult()
        // A child inherits the restriction of the thread that starts it; this thread ends right
        // after, so there is nothing to restore.
        Thread.detachNewThread {
            let code = pelmeni_thread_pin(Int32(core))
            result.set(code < 0 ? .failure(SystemError(code: code)) : command.start())
        }
        return result.wait()
    }
}
