internal import Synchronization

/// Asks a run to end its children and to report what it has; from any thread.
package final class Interrupt: Sendable {
    private let requested = Atomic<Bool>(false)

    package init() {}

    package func request() { requested.store(true, ordering: .relaxed) }

    package var isRequested: Bool { requested.load(ordering: .relaxed) }

    func check() throws(BenchError) {
        if isRequested { throw .interrupted }
    }
}
