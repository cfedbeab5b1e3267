// Asynchronous hooks of a server: a copy of it with one more.
extension HTTPServer {
    /// Attaches an asynchronous hook with ``AsyncHTTPBeforeForward``, ``AsyncHTTPBeforeRespond``,
    /// or both.
    ///
    /// - Parameters:
    ///   - hook: one value for all calls.
    ///   - deadline: of each call; then the exchange is answered with 500.
    public func hook<H: AsyncHTTPServerHook>(
        _ hook: H, deadline: Duration = .seconds(10)
    ) -> HTTPServer {
        adding(HTTPHookTable(hook, isOfServer: true, deadline))
    }

    /// Attaches an asynchronous closure for each request of a client, before all other hooks.
    ///
    /// - Parameters:
    ///   - bytesMax: how many bytes of a body the closure waits for: the body is then whole, and a
    ///     longer one is answered with 413. Nil: the closure gets the head.
    ///   - deadline: of each call; then the exchange is answered with 500.
    ///   - body: changes the request, and decides about it. An error is answered with 500.
    public func beforeForward(
        collecting bytesMax: Int? = nil, deadline: Duration = .seconds(10),
        _ body: @escaping @Sendable (inout HTTPRequest, HTTPSession) async throws -> HTTPVerdict
    ) -> HTTPServer {
        adding(.requests(.forward, bytesMax, deadline, body))
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
    ) -> HTTPServer {
        adding(.responses(bytesMax, deadline, body))
    }
}
