import Dispatch
import Glibc
import Synchronization

/// Looks names up, all at once and not for long.
enum NameCheck {
    /// A resolver that answers later than this is as good as none to somebody who waits.
    private static let patience = DispatchTimeInterval.seconds(5)

    /// The names that have no address, in the order given.
    static func unresolved(_ names: [String]) async -> [String] {
        guard !names.isEmpty else { return [] }
        return await withCheckedContinuation { continuation in
            // Off the cooperative threads: getaddrinfo(3) blocks.
            DispatchQueue.global().async { continuation.resume(returning: lookUp(names)) }
        }
    }

    private static func lookUp(_ names: [String]) -> [String] {
        let found = Found()
        let group = DispatchGroup()
        for name in names {
            DispatchQueue.global().async(group: group) {
                var list: UnsafeMutablePointer<addrinfo>?
                guard getaddrinfo(name, nil, nil, &list) == 0 else { return }
                freeaddrinfo(list)
                found.names.withLock { _ = $0.insert(name) }
            }
        }
        _ = group.wait(timeout: .now() + patience)
        return found.names.withLock { found in names.filter { !found.contains($0) } }
    }

    /// Outlives the wait: a late answer still has a place to go.
    private final class Found: Sendable {
        let names = Mutex<Set<String>>([])
    }
}
