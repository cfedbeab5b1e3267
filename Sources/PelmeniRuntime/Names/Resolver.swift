internal import CPelmeni
internal import Glibc
package import PelmeniCore
internal import Synchronization

/// Turns names into addresses, off the workers.
///
/// `getaddrinfo(3)` blocks without a bound, so lookups run on detached threads that hold no other
/// part of the engine; ``LookupQueue`` decides how many, and which name is next. The last good
/// addresses are kept. A name is looked up again after its interval, thirty seconds by default; a
/// second after a lookup that failed first; and at once when its upstream fails.
package final class Resolver: Sendable {
    /// The addresses of a host, or a failure.
    package typealias Lookup =
        @Sendable (_ host: String, _ port: UInt16) -> Result<[SocketAddress], Failure>
    package typealias Answer = @Sendable (Name, Result<[SocketAddress], Failure>) -> Void

    package struct Failure: Error, Sendable {
        package var reason: String
        package init(reason: String) { self.reason = reason }
    }

    /// An upstream with a name.
    package struct Name: Sendable {
        package var host: String
        package var port: UInt16
        package var pair: PairID
        package var upstream: UInt16
        /// Nanoseconds from a lookup to the next one.
        package var interval: UInt64

        package init(
            host: String, port: UInt16, pair: PairID, upstream: UInt16,
            interval: UInt64 = LookupQueue.refreshInterval
        ) {
            self.host = host
            self.port = port
            self.pair = pair
            self.upstream = upstream
            self.interval = interval
        }
    }

    private struct State {
        var queue: LookupQueue
        /// Whether the name has, or had, an address.
        var hasAddress: [Bool]
        var isStopped = false
    }

    /// The keeper's sleep while a lookup runs, and while none does: a name is due in seconds.
    private static let busyTick: UInt32 = 50_000
    private static let idleTick: UInt32 = 200_000

    private let names: [Name]
    private let requests: LookupRequests
    private let state: Mutex<State>
    private let lookup: Lookup
    private let answer: Answer

    package init(
        names: [Name], requests: LookupRequests = LookupRequests(), lookup: @escaping Lookup,
        answer: @escaping Answer
    ) {
        self.names = names
        self.requests = requests
        state = Mutex(
            State(
                queue: LookupQueue(intervals: names.map(\.interval)),
                hasAddress: Array(repeating: false, count: names.count)))
        self.lookup = lookup
        self.answer = answer
    }

    /// Starts the keeper, which starts the lookups' threads. False when the system gives no thread.
    @discardableResult
    package func start() -> Bool { DetachedThread.start { self.keep() } }

    package var count: Int { names.count }

    /// Whether every name's first lookup has ended.
    package var isSettled: Bool {
        state.withLock { state in
            state.isStopped || names.indices.allSatisfy { state.queue.hasAllResponses($0) }
        }
    }

    /// Pairs with a resolved name.
    package var resolvedPairs: Set<PairID> {
        let hasAddress = state.withLock { $0.hasAddress }
        return Set(names.indices.filter { hasAddress[$0] }.map { names[$0].pair })
    }

    package func stop() { state.withLock { $0.isStopped = true } }

    // MARK: Threads

    /// Starts a thread for each lookup that may begin. The keeper looks up names itself only where
    /// the system gives no thread: it has to notice stuck lookups.
    private func keep() {
        while !state.withLock({ $0.isStopped }) {
            hasten(requests.take())
            while let index = take() {
                guard !DetachedThread.start({ self.work(index) }) else { continue }
                work(index)
            }
            usleep(state.withLock { $0.queue.isRunning } ? Self.busyTick : Self.idleTick)
        }
    }

    private func hasten(_ keys: Set<LookupRequests.Key>) {
        guard !keys.isEmpty else { return }
        state.withLock { state in
            for (index, name) in names.enumerated()
            where keys.contains(.init(pair: name.pair, upstream: name.upstream)) {
                state.queue.hasten(index)
            }
        }
    }

    private func work(_ first: Int) {
        var next: Int? = first
        while let index = next {
            finish(index, lookup(names[index].host, names[index].port))
            next = take()
        }
    }

    private func take() -> Int? {
        state.withLock { state in
            guard !state.isStopped else { return nil }
            return state.queue.take(now: pelmeni_monotonic_nanoseconds())
        }
    }

    private func finish(_ index: Int, _ result: Result<[SocketAddress], Failure>) {
        let isStopped = state.withLock { $0.isStopped }
        if !isStopped { answer(names[index], result) }
        let isResolved = if case .success = result { true } else { false }
        state.withLock { state in
            if isResolved { state.hasAddress[index] = true }
            state.queue.finish(
                index, isResolved: isResolved, now: pelmeni_monotonic_nanoseconds())
        }
    }

    // MARK: The system's answer

    /// `getaddrinfo(3)`, families alternating from the one the system puts first (RFC 8305).
    package static let system: Lookup = { host, port in
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        var error = getaddrinfo(host, nil, &hints, &list)
        if pelmeni_error_is_no_address(error) != 0 {
            // AI_ADDRCONFIG ignores loopback addresses: a machine without others still has
            // localhost. After a timeout a second lookup would only wait as long again.
            hints.ai_flags = 0
            error = getaddrinfo(host, nil, &hints, &list)
        }
        guard error == 0 else {
            return .failure(Failure(reason: String(cString: gai_strerror(error))))
        }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var at = list
        while let entry = at {
            if let address = SocketAddress(entry.pointee, port: port), !found.contains(address) {
                found.append(address)
            }
            at = entry.pointee.ai_next
        }
        return found.isEmpty
            ? .failure(Failure(reason: "no address of a family that Pelmeni speaks"))
            : .success(alternating(found))
    }

    /// Alternates the families, each in its own order.
    package static func alternating(_ addresses: [SocketAddress]) -> [SocketAddress] {
        guard let first = addresses.first?.family else { return [] }
        var own = addresses.filter { $0.family == first }[...]
        var other = addresses.filter { $0.family != first }[...]
        var result: [SocketAddress] = []
        while !own.isEmpty || !other.isEmpty {
            if let next = own.popFirst() { result.append(next) }
            if let next = other.popFirst() { result.append(next) }
        }
        return Array(result.prefix(Upstream.addressesMax))
    }
}
