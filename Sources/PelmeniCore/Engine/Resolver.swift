internal import CPelmeni
internal import Glibc
internal import Synchronization

/// Turns names into addresses, off the workers.
///
/// `getaddrinfo(3)` may block for as long as it likes, so lookups run on a few detached threads that hold
/// nothing of the engine but this object. The last good answer is kept; a name is looked up again every
/// thirty seconds, and after a failure at first after one second.
package final class Resolver: Sendable {
    /// The addresses of a host, or why there are none.
    package typealias Lookup =
        @Sendable (_ host: String, _ port: UInt16) -> Result<[SocketAddress], Failure>
    package typealias Answer = @Sendable (Name, Result<[SocketAddress], Failure>) -> Void

    package struct Failure: Error, Sendable {
        package var reason: String
        package init(reason: String) { self.reason = reason }
    }

    /// One upstream that is a name.
    package struct Name: Sendable {
        package var host: String
        package var port: UInt16
        package var pair: UInt16
        package var upstream: UInt16
    }

    /// Lookups at once. A dead name server then delays the others little, and costs few threads.
    static let threadsMax = 4
    static let againSeconds: Int = 30
    static let retrySeconds: Int = 1

    private struct Entry {
        var name: Name
        var dueAt: Int
        var failures = 0
        var isBusy = false
        var isAnswered = false
    }

    private struct State {
        var entries: [Entry]
        var isStopped = false
    }

    private let state: Mutex<State>
    private let lookup: Lookup
    private let answer: Answer

    package init(names: [Name], lookup: @escaping Lookup, answer: @escaping Answer) {
        state = Mutex(State(entries: names.map { Entry(name: $0, dueAt: 0) }))
        self.lookup = lookup
        self.answer = answer
    }

    /// Starts the threads.
    package func start() {
        let count = state.withLock { min(Self.threadsMax, $0.entries.count) }
        for _ in 0..<count {
            let context = Unmanaged.passRetained(self).toOpaque()
            let started = DetachedThread.start(context) { context in
                guard let context else { return nil }
                Unmanaged<Resolver>.fromOpaque(context).takeRetainedValue().work()
                return nil
            }
            if !started { Unmanaged<Resolver>.fromOpaque(context).release() }
        }
    }

    /// Whether every name was looked up once, well or badly.
    package var isSettled: Bool {
        state.withLock { $0.entries.allSatisfy(\.isAnswered) || $0.isStopped }
    }

    package func stop() { state.withLock { $0.isStopped = true } }

    private static func seconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec + 1
    }

    private func work() {
        while true {
            let now = Self.seconds()
            let next: (index: Int, name: Name)?? = state.withLock { state in
                if state.isStopped { return .none }
                guard
                    let index = state.entries.indices.first(where: {
                        !state.entries[$0].isBusy && state.entries[$0].dueAt <= now
                    })
                else { return .some(nil) }
                state.entries[index].isBusy = true
                return (index, state.entries[index].name)
            }
            guard let next else { return }
            guard let next else {
                // Nobody waits for this thread: a fifth of a second is soon enough for a name that is due
                // in seconds, and for a stop.
                usleep(200_000)
                continue
            }
            finish(next.index, next.name, lookup(next.name.host, next.name.port))
        }
    }

    private func finish(_ index: Int, _ name: Name, _ result: Result<[SocketAddress], Failure>) {
        let isStopped = state.withLock { $0.isStopped }
        if !isStopped { answer(name, result) }
        let now = Self.seconds()
        state.withLock { state in
            state.entries[index].isBusy = false
            state.entries[index].isAnswered = true
            switch result {
            case .success:
                state.entries[index].failures = 0
                state.entries[index].dueAt = now + Self.againSeconds
            case .failure:
                let failures = min(state.entries[index].failures, 5)
                state.entries[index].failures = failures + 1
                state.entries[index].dueAt =
                    now + min(Self.againSeconds, Self.retrySeconds << failures)
            }
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
        if error != 0 {
            // AI_ADDRCONFIG leaves loopback out: a machine with nothing else still has localhost.
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

    /// The families taking turns, each in its own order.
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
