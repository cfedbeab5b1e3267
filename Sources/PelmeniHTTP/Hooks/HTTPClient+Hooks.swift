// Hooks of a client: a copy of it with one more. A client without hooks costs nothing.
extension HTTPClient {
    /// Attaches a hook type with ``HTTPBeforeSend``, ``HTTPBeforeRespond``, or one of their twins
    /// for the pieces of bodies.
    ///
    /// - Parameter factory: makes an instance for each connection of a client. An error closes the
    ///   connection.
    public func hook<H: HTTPClientHook>(
        _ factory: @escaping @Sendable () throws -> H
    ) -> HTTPClient {
        adding(HTTPHookTable(factory))
    }

    /// Attaches a closure for each request that is about to be sent.
    ///
    /// - Parameters:
    ///   - bytesMax: how many bytes of a body the closure waits for: the body is then whole, and a
    ///     longer one is answered with 413. Nil: the closure gets the head, and the body goes on as
    ///     it comes.
    ///   - body: changes the request, and decides about it. An error is answered with 500.
    public func beforeSend(
        collecting bytesMax: Int? = nil,
        _ body: @escaping @Sendable (inout HTTPRequest, HTTPSession) throws -> HTTPVerdict
    ) -> HTTPClient {
        adding(.beforeSend(bytesMax, body))
    }

    /// Attaches a closure for each response of an upstream.
    ///
    /// - Parameters:
    ///   - bytesMax: how many bytes of a body the closure waits for: the body is then whole, and a
    ///     longer one is answered with 502. Nil: the closure gets the head, and the body goes on as
    ///     it comes.
    ///   - body: changes the response, and decides about it. An error is answered with 500.
    public func beforeRespond(
        collecting bytesMax: Int? = nil,
        _ body: @escaping @Sendable (inout HTTPResponse, HTTPSession) throws -> HTTPVerdict
    ) -> HTTPClient {
        adding(.beforeRespond(bytesMax, body))
    }

    /// Attaches a closure for each piece of a request's body: its bytes, and whether it is the
    /// last one. An error resets both connections.
    public func beforeSendBody(
        _ body: @escaping @Sendable (inout HTTPBody, Bool, HTTPSession) throws -> Void
    ) -> HTTPClient {
        adding(.beforeSendBody(body))
    }

    /// Attaches a closure for each piece of a response's body: its bytes, and whether it is the
    /// last one. An error resets both connections.
    public func beforeRespondBody(
        _ body: @escaping @Sendable (inout HTTPBody, Bool, HTTPSession) throws -> Void
    ) -> HTTPClient {
        adding(.beforeRespondBody(body))
    }

    func adding(_ hook: HTTPHookTable) -> HTTPClient {
        var client = self
        client.httpHooks.append(hook)
        return client
    }
}
