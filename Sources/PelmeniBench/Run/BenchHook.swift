internal import Pelmeni
internal import PelmeniHTTP
internal import Synchronization

/// Hooks of the measured proxy: what they cost is compared with none.
package enum BenchHook: String, CaseIterable, Sendable {
    /// Does nothing, in both directions.
    case noop
    /// The same with 32 bytes of state a session.
    case state
    /// Two hooks that change each byte of a request, one after the other: the origin gets it as it
    /// was sent. As much work as upper-casing request and answer.
    case mask
    /// Does nothing, in both directions, in a task a call.
    case noopAsync = "async"
    /// The same, and at each moment the call of one session waits: the others' latency must not
    /// show it.
    case waitAsync = "async-wait"
    /// Adds a field to each request of HTTP.
    case httpField = "http-field"

    /// The pairs that it goes on: it takes part in scenarios of these alone.
    var pairs: ProxyPairs {
        switch self {
        case .noop, .state, .mask, .noopAsync, .waitAsync: .tcp
        case .httpField: .http
        }
    }

    func attach(_ client: TCPClient) -> any Server {
        let server = TCPServer(client, listen: "127.0.0.1", port: 0)
        return switch self {
        case .noop: server.hook { NoHook() }
        case .state: server.hook { StateHook() }
        case .noopAsync: server.hook(NoAsyncHook())
        case .waitAsync: server.hook(WaitingHook())
        case .mask:
            TCPServer(
                client.beforeSend { data, _ in
                    data.mask()
                    return .forward
                }, listen: "127.0.0.1", port: 0
            ).beforeForward { data, _ in
                data.mask()
                return .forward
            }
        case .httpField: server
        }
    }

    func attach(_ client: HTTPClient) -> any Server {
        let client =
            self == .httpField
            ? client.beforeSend { request, _ in
                request.fields["X-Added"] = "1"
                return .forward
            } : client
        return HTTPServer(client, listen: "127.0.0.1", port: 0)
    }
}

private struct NoHook: BeforeForward, BeforeRespond {
    func beforeForward(_ data: inout Buffer, _ session: borrowing Session) -> Verdict { .forward }
    func beforeRespond(_ data: inout Buffer, _ session: borrowing Session) -> Verdict { .forward }
}

private struct NoAsyncHook: AsyncBeforeForward, AsyncBeforeRespond {
    func beforeForward(
        _ data: consuming Buffer, _ session: SessionInfo
    ) async throws -> AsyncVerdict { .forward(data) }

    func beforeRespond(
        _ data: consuming Buffer, _ session: SessionInfo
    ) async throws -> AsyncVerdict { .forward(data) }
}

private struct WaitingHook: AsyncBeforeForward, AsyncBeforeRespond {
    /// A load gives an exchange up after five seconds.
    private static let wait = Duration.seconds(4)

    private let place = WaitingPlace()

    func beforeForward(
        _ data: consuming Buffer, _ session: SessionInfo
    ) async throws -> AsyncVerdict {
        guard place.take() else { return .forward(data) }
        defer { place.giveBack() }
        try await Task.sleep(for: Self.wait)
        return .forward(data)
    }

    func beforeRespond(
        _ data: consuming Buffer, _ session: SessionInfo
    ) async throws -> AsyncVerdict { .forward(data) }
}

/// The place of the call that waits.
private final class WaitingPlace: Sendable {
    private let isTaken = Atomic(false)

    func take() -> Bool {
        !isTaken.load(ordering: .relaxed)
            && !isTaken.exchange(true, ordering: .relaxed)
    }

    func giveBack() { isTaken.store(false, ordering: .relaxed) }
}

private struct StateHook: BeforeForward, BeforeRespond {
    private var requests = 0
    private var responses = 0
    private var bytes: (UInt64, UInt64) = (0, 0)

    mutating func beforeForward(
        _ data: inout Buffer, _ session: borrowing Session
    ) -> Verdict {
        requests &+= 1
        bytes.0 &+= UInt64(data.count)
        return .forward
    }

    mutating func beforeRespond(
        _ data: inout Buffer, _ session: borrowing Session
    ) -> Verdict {
        responses &+= 1
        bytes.1 &+= UInt64(data.count)
        return .forward
    }
}

extension Buffer {
    fileprivate mutating func mask() {
        withUnsafeMutableBytes { bytes in
            for index in bytes.indices { bytes[index] ^= 0x20 }
        }
    }
}
