internal import Synchronization

/// The addresses of listeners that are names: all looked up at once, on threads of their own.
///
/// `getaddrinfo(3)` blocks for as long as it likes, and the caller of a start is a task, whose thread others
/// share.
final class ListenerNames: Sendable {
    private struct State {
        var answers: [Place: Result<[SocketAddress], Resolver.Failure>] = [:]
        var missing: Int
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state: Mutex<State>
    private let lookup: Resolver.Lookup

    private init(count: Int, lookup: @escaping Resolver.Lookup) {
        state = Mutex(State(missing: count))
        self.lookup = lookup
    }

    /// The answer for each listener of the plan that is a name.
    static func resolve(
        _ plan: RuntimePlan
    ) async -> [Place: Result<[SocketAddress], Resolver.Failure>] {
        let places = Set(plan.pairs.map(\.listen).filter(\.isName))
        guard !places.isEmpty else { return [:] }
        let names = ListenerNames(count: places.count, lookup: plan.lookup)
        for place in places { names.start(place) }
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

    private final class LookupThread: Sendable {
        let names: ListenerNames
        let place: Place

        init(_ names: ListenerNames, _ place: Place) {
            self.names = names
            self.place = place
        }
    }

    private func start(_ place: Place) {
        let context = Unmanaged.passRetained(LookupThread(self, place)).toOpaque()
        let started = DetachedThread.start(context) { context in
            guard let context else { return nil }
            let it = Unmanaged<LookupThread>.fromOpaque(context).takeRetainedValue()
            it.names.lookUp(it.place)
            return nil
        }
        guard !started else { return }
        Unmanaged<LookupThread>.fromOpaque(context).release()
        // Without a thread the start waits for the lookup itself.
        lookUp(place)
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
