internal import CPelmeni
package import PelmeniCore
internal import Synchronization

/// Requests of other threads to a worker. A post wakes the worker, which reads the words in its
/// next loop.
///
/// Words, not a queue: each request is idempotent, so nothing grows or is lost.
package final class Mailbox: Sendable {
    /// Stop accepting; open sessions may end.
    private let drainRequested = Atomic<Bool>(false)
    /// Cut all sessions now.
    private let stopRequested = Atomic<Bool>(false)
    private let addresses = Mutex<[AddressUpdate]>([])
    private let hasAddresses = Atomic<Bool>(false)
    /// The eventfd that wakes the worker.
    package let event: Int32

    /// New addresses of one upstream.
    package struct AddressUpdate: Sendable {
        package var pair: PairID
        package var upstream: UInt16
        package var addresses: [SocketAddress]

        package init(pair: PairID, upstream: UInt16, addresses: [SocketAddress]) {
            self.pair = pair
            self.upstream = upstream
            self.addresses = addresses
        }
    }

    /// - Throws: the errno when the process has no descriptor left.
    package init() throws(SystemError) {
        event = pelmeni_event_create()
        if event < 0 { throw SystemError(code: event) }
    }

    deinit { _ = pelmeni_socket_close(event) }

    package func drain() {
        drainRequested.store(true, ordering: .releasing)
        wake()
    }

    package func stop() {
        stopRequested.store(true, ordering: .releasing)
        wake()
    }

    package func update(_ update: AddressUpdate) {
        addresses.withLock { $0.append(update) }
        hasAddresses.store(true, ordering: .releasing)
        wake()
    }

    package func wake() { _ = pelmeni_event_signal(event) }

    package var wantsDrain: Bool { drainRequested.load(ordering: .acquiring) }
    package var wantsStop: Bool { stopRequested.load(ordering: .acquiring) }

    package func takeAddresses() -> [AddressUpdate] {
        guard hasAddresses.exchange(false, ordering: .acquiringAndReleasing) else { return [] }
        return addresses.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }
}
