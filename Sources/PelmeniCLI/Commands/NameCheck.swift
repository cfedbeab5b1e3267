import Pelmeni
import Synchronization

/// Looks names up as a running engine does, with a deadline.
enum NameCheck {
    /// For an operator who waits, a slower resolver is as good as none.
    private static let patience: Duration = .seconds(5)

    /// The names without an address, in the order given.
    static func unresolved(_ names: [String]) async -> [String] {
        await unresolved(names, lookup: Resolver.system, patience: patience)
    }

    static func unresolved(
        _ names: [String], lookup: @escaping Resolver.Lookup, patience: Duration
    ) async -> [String] {
        guard !names.isEmpty else { return [] }
        let found = Found()
        let entries = names.map { Resolver.Name(host: $0, port: 0, pair: PairID(0), upstream: 0) }
        let resolver = Resolver(names: entries, lookup: lookup) { name, result in
            guard case .success = result else { return }
            found.names.withLock { _ = $0.insert(name.host) }
        }
        resolver.start()
        let start = ContinuousClock.now
        while !resolver.isSettled, ContinuousClock.now - start < patience {
            try? await Task.sleep(for: .milliseconds(10))
        }
        resolver.stop()
        return found.names.withLock { found in names.filter { !found.contains($0) } }
    }

    /// Outlives the wait: a late result still needs its memory.
    private final class Found: Sendable {
        let names = Mutex<Set<String>>([])
    }
}
