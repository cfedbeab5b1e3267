internal import Synchronization

/// A hook that may wait: of a database, another service, a clock. A type has one or more of
/// ``AsyncHTTPBeforeForward``, ``AsyncHTTPBeforeSend`` and ``AsyncHTTPBeforeRespond``.
///
/// Each call is a task on the worker of its connection until it waits for something; only that
/// exchange waits. One value serves all calls: what changes lives in an actor or a `Mutex`.
public protocol AsyncHTTPHook: Sendable {
    /// As ``HTTPHook/collectedRequestBytesMax``.
    static var collectedRequestBytesMax: Int? { get }
    /// As ``HTTPHook/collectedResponseBytesMax``.
    static var collectedResponseBytesMax: Int? { get }
}

extension AsyncHTTPHook {
    /// None.
    public static var collectedRequestBytesMax: Int? { nil }
    /// None.
    public static var collectedResponseBytesMax: Int? { nil }
}

/// An asynchronous hook with a moment that servers have.
public protocol AsyncHTTPServerHook: AsyncHTTPHook {}

/// An asynchronous hook with a moment that clients have.
public protocol AsyncHTTPClientHook: AsyncHTTPHook {}

/// Gets what the client asked, before all other hooks.
public protocol AsyncHTTPBeforeForward: AsyncHTTPServerHook {
    /// Called once for each request. The task is cancelled when the client leaves.
    ///
    /// - Throws: any error is answered with 500, and its text is the reason in the log.
    func beforeForward(
        _ request: inout HTTPRequest, _ session: HTTPSession
    ) async throws -> HTTPVerdict
}

/// Gets what is about to be sent to the upstream.
public protocol AsyncHTTPBeforeSend: AsyncHTTPClientHook {
    /// Called once for each request. The task is cancelled when the client leaves.
    ///
    /// - Throws: any error is answered with 500, and its text is the reason in the log.
    func beforeSend(
        _ request: inout HTTPRequest, _ session: HTTPSession
    ) async throws -> HTTPVerdict
}

/// Gets what the upstream answered: hooks of the client first, in reverse order of attachment.
public protocol AsyncHTTPBeforeRespond: AsyncHTTPServerHook, AsyncHTTPClientHook {
    /// Called once for each response of 200 and above. The task is cancelled when the client
    /// leaves.
    ///
    /// - Throws: any error is answered with 500, and its text is the reason in the log.
    func beforeRespond(
        _ response: inout HTTPResponse, _ session: HTTPSession
    ) async throws -> HTTPVerdict
}

/// A call of an asynchronous hook: the message and the verdict, once it has returned.
final class HTTPCall<Message: Sendable>: Sendable {
    private let outcome = Mutex<Result<(Message, HTTPVerdict), any Error>?>(nil)

    /// Calls a hook with a message of its own.
    func run(
        _ message: Message, _ session: HTTPSession,
        _ body: @Sendable (inout Message, HTTPSession) async throws -> HTTPVerdict
    ) async {
        var message = message
        let result: Result<(Message, HTTPVerdict), any Error>
        do {
            let verdict = try await body(&message, session)
            result = .success((message, verdict))
        } catch {
            result = .failure(error)
        }
        outcome.withLock { $0 = result }
    }

    /// What the hook left; nil before it has returned.
    func take() -> Result<(Message, HTTPVerdict), any Error>? {
        outcome.withLock { $0.take() }
    }
}
