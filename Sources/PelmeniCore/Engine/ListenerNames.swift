internal import Synchronization

/// The addresses of listeners that are names, looked up on threads of their own.
///
/// `getaddrinfo(3)` blocks for as long as it likes, and the caller of a start is a task, whose
/// thread others share.
final class ListenerNames: Sendable {
    /// Lookups at once: a bound on threads. A plan with more names waits for the first ones.
    private static let lookupsMax = LookupQueue.lookupsMax

    private struct State {
        var waiting: [Place]
        var answers: [Place: Result<[SocketAddress], Resolver.Failure>] = [:]
        var missing: Int
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state: Mutex<State>
    private let lookup: Resolver.Lookup

    private init(_ places: Set<Place>, lookup: @escaping Resolver.Lookup) {
        state = Mutex(State(waiting: Array(places), missing: places.count))
        self.lookup = lookup
    }

    /// The answer for each listener of the plan that is a name.
    static func resolve(
        _ plan: RuntimePlan
    ) async -> [Place: Result<[SocketAddress], Resolver.Failure>] {
        let places = Set(plan.pairs.map(\.listen).filter(\.isName))
        guard !places.isEmpty else { return [:] }
        let names = ListenerNames(places, lookup: plan.lookup)
        for _ in 0..<min(places.count, Self.lookupsMax) {
            // Without a thread the start waits for the lookups itself.
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
        while let place = state.withLock({ $0.waiting.popLast() }) { lookUp(place) }
    }

    private func lookUp(_ place: Place) {
        guard let (host, port) = place.hostAndPort else { return }
        let answer = lookup(host, port)
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            state.answers[place] = answer
            state.missing -= 1
            guard state.missing == 0 else { return nil }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
