internal import CPelmeni
internal import PelmeniCore
internal import PelmeniRuntime
internal import Synchronization

/// Asks a load thread to end, from any other thread.
final class StopSignal: Sendable {
    private let requested = Atomic<Bool>(false)
    /// The eventfd that wakes the thread.
    let event: Int32

    init() throws(SystemError) {
        event = pelmeni_event_create()
        if event < 0 { throw SystemError(code: event) }
    }

    deinit { _ = pelmeni_socket_close(event) }

    func stop() {
        requested.store(true, ordering: .releasing)
        _ = pelmeni_event_signal(event)
    }

    var isRequested: Bool { requested.load(ordering: .acquiring) }
}
