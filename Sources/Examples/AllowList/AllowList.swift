internal import ExampleSupport
internal import Pelmeni

/// Lets clients through whose address a lookup allows, and resets the others.
///
/// The first bytes wait for the lookup; the rest of a stream is relayed as without hooks.
struct AllowList: AsyncBeforeForward {
    let lookups: Lookups

    func beforeForward(
        _ data: consuming Buffer, _ session: SessionInfo
    ) async throws -> AsyncVerdict {
        guard try await lookups.allows(session.client.host) else {
            return .close("the client is not in the list")
        }
        return .release(data)
    }
}

/// Asks once for the sessions of one address that open together, and remembers the result.
///
/// An actor runs on the thread of the worker that calls it, so that a lookup is a task of its own,
/// which may block.
actor Lookups {
    private let lookup: @Sendable (String) throws -> Bool
    private let lifetime: Duration
    private var results: [String: (asked: ContinuousClock.Instant, task: Task<Bool, any Error>)] =
        [:]

    /// - Parameters:
    ///   - lifetime: of a result; then the next session asks again.
    ///   - lookup: called with an address in digits.
    init(lifetime: Duration, _ lookup: @escaping @Sendable (String) throws -> Bool) {
        self.lifetime = lifetime
        self.lookup = lookup
    }

    func allows(_ host: String) async throws -> Bool {
        let now = ContinuousClock.now
        if let result = results[host], now - result.asked < lifetime {
            return try await result.task.value
        }
        // Results of addresses that do not come back are forgotten.
        results = results.filter { now - $0.value.asked < lifetime }
        let task = Task.detached { [lookup] in try lookup(host) }
        results[host] = (now, task)
        return try await task.value
    }
}

/// A relay for the clients that a lookup allows.
func allowList(listen: HostPort, upstream: HostPort, _ lookups: Lookups) -> TCPServer {
    TCPServer(
        TCPClient(upstream.host, port: upstream.port), listen: listen.host, port: listen.port
    )
    .hook(AllowList(lookups: lookups), deadline: .seconds(2))
}
