// Asynchronous hooks of a client: a copy of it with one more.
extension HTTPClient {
    /// Attaches an asynchronous hook with ``AsyncHTTPBeforeSend``, ``AsyncHTTPBeforeRespond``,
    /// or both.
    ///
    /// - Parameters:
    ///   - hook: one value for all calls.
    ///   - deadline: of each call; then the exchange is answered with 500.
    public func hook<H: AsyncHTTPClientHook>(
        _ hook: H, deadline: Duration = .seconds(10)
    ) -> HTTPClient {
        adding(HTTPHookTable(hook, isOfServer: false, deadline))
    }

    /// Attaches an asynchronous closure for each request that is about to be sent.
    ///
    /// - Parameters:
    ///   - bytesMax: how many bytes of a body the closure waits for: the body is then whole, and a
    ///     longer one is answered with 413. Nil: the closure gets the head.
    ///   - deadline: of each call; then the exchange is answered with 500.
    ///   - body: changes the request, and decides about it. An error is answered with 500.
    public func beforeSend(
        collecting bytesMax: Int? = nil, deadline: Duration = .seconds(10),
        _ body: @escaping @Sendable (inout HTTPRequest, HTTPSession) async throws -> HTTPVerdict
    ) -> HTTPClient {
        adding(.requests(.send, bytesMax, deadline, body))
    }

    /// Attaches an asynchronous closure for each response of an upstream.
    ///
    /// - Parameters:
    ///   - bytesMax: how many bytes of a body the closure waits for: the body is then whole, and a
    ///     longer one is answered with 502. Nil: the closure gets the head.
    ///   - deadline: of each call; then the exchange is answered with 500.
    ///   - body: changes the response, and decides about it. An error is answered with 500.
    public func beforeRespond(
        collecting bytesMax: Int? = nil, deadline: Duration = .seconds(10),
        _ body: @escaping @Sendable (inout HTTPResponse, HTTPSession) async throws -> HTTPVerdict
    ) -> HTTPClient {
        adding(.responses(bytesMax, deadline, body))
    }
}
