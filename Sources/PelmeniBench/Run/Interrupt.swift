internal import Synchronization

/// Asks a run, from any thread, to end its children and to report its results so far.
package final class Interrupt: Sendable {
    private let requested = Atomic<Bool>(false)

    package init() {}

    package func request() { requested.store(true, ordering: .relaxed) }

    package var isRequested: Bool { requested.load(ordering: .relaxed) }

    func check() throws(BenchError) {
        if isRequested { throw .interrupted }
    }
}
