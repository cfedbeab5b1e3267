internal import PelmeniCore
internal import Synchronization

/// Looks up listeners' names on threads of its own.
///
/// `getaddrinfo(3)` blocks without a bound, and a start's caller is a task, whose thread other
/// tasks share.
final class ListenerNames: Sendable {
    /// Lookups at once: a bound on threads. More names wait for these.
    private static let lookupsMax = LookupQueue.lookupsMax

    private struct State {
        var waiting: [Endpoint]
        var answers: [Endpoint: Result<[SocketAddress], Resolver.Failure>] = [:]
        var missing: Int
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state: Mutex<State>
    private let lookup: Resolver.Lookup

    private init(_ endpoints: Set<Endpoint>, lookup: @escaping Resolver.Lookup) {
        state = Mutex(State(waiting: Array(endpoints), missing: endpoints.count))
        self.lookup = lookup
    }

    /// The result for each listener with a name.
    static func resolve(
        _ configuration: EngineConfiguration
    ) async -> [Endpoint: Result<[SocketAddress], Resolver.Failure>] {
        let endpoints = Set(configuration.pairs.map(\.endpoint).filter(\.isName))
        guard !endpoints.isEmpty else { return [:] }
        let names = ListenerNames(endpoints, lookup: configuration.lookup)
        for _ in 0..<min(endpoints.count, Self.lookupsMax) {
            // Without a thread the start itself runs the lookups.
            if !DetachedThread.start({ names.work() }) { names.work() }
        }
        await withCheckedContinuation { continuation in
            let isThere = names.state.withLock { state in
                if state.missing == 0 { return true }
                state.waiter = continuation
                return false
            }
            if isThere { continuation.resume() }
        }
        return names.state.withLock { $0.answers }
    }

    private func work() {
        while let endpoint = state.withLock({ $0.waiting.popLast() }) { lookUp(endpoint) }
    }

    private func lookUp(_ endpoint: Endpoint) {
        guard let (host, port) = endpoint.hostAndPort else { return }
        let answer = lookup(host, port)
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            state.answers[endpoint] = answer
            state.missing -= 1
            guard state.missing == 0 else { return nil }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
