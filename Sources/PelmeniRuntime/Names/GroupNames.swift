internal import PelmeniCore
internal import Synchronization

/// Upstreams' names that lead to multicast groups: the log has each of them once.
final class GroupNames: Sendable {
    private let log: EngineLog
    private let told = Mutex<Set<String>>([])

    init(_ log: EngineLog) { self.log = log }

    /// Called with the addresses of each lookup.
    func note(_ name: String, _ addresses: [SocketAddress]) {
        guard let group = addresses.first(where: \.isGroup),
            told.withLock({ $0.insert(name).inserted })
        else { return }
        log(
            .warning, "a name leads to a multicast group: no answer comes back from it",
            [.init("name", name), .init("address", "\(group)")])
    }
}
