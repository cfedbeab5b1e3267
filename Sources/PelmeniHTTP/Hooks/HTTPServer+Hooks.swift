// Hooks of a server: a copy of it with one more. A server without hooks costs nothing.
extension HTTPServer {
    /// Attaches a hook type with ``HTTPBeforeForward``, ``HTTPBeforeRespond``, or one of their
    /// twins for the pieces of bodies.
    ///
    /// - Parameter factory: makes an instance for each connection of a client. An error closes the
    ///   connection.
    public func hook<H: HTTPServerHook>(
        _ factory: @escaping @Sendable () throws -> H
    ) -> HTTPServer {
        adding(HTTPHookTable(factory))
    }

    /// Attaches a closure for each request of a client, before all other hooks.
    ///
    /// - Parameters:
    ///   - bytesMax: how many bytes of a body the closure waits for: the body is then whole, and a
    ///     longer one is answered with 413. Nil: the closure gets the head, and the body goes on as
    ///     it comes.
    ///   - body: changes the request, and decides about it. An error is answered with 500.
    public func beforeForward(
        collecting bytesMax: Int? = nil,
        _ body: @escaping @Sendable (inout HTTPRequest, HTTPSession) throws -> HTTPVerdict
    ) -> HTTPServer {
        adding(.beforeForward(bytesMax, body))
    }

    /// Attaches a closure for each response of an upstream, behind the hooks of the client.
    ///
    /// - Parameters:
    ///   - bytesMax: how many bytes of a body the closure waits for: the body is then whole, and a
    ///     longer one is answered with 502. Nil: the closure gets the head, and the body goes on as
    ///     it comes.
    ///   - body: changes the response, and decides about it. An error is answered with 500.
    public func beforeRespond(
        collecting bytesMax: Int? = nil,
        _ body: @escaping @Sendable (inout HTTPResponse, HTTPSession) throws -> HTTPVerdict
    ) -> HTTPServer {
        adding(.beforeRespond(bytesMax, body))
    }

    /// Attaches a closure for each piece of a request's body: its bytes, and whether it is the
    /// last one. An error resets both connections.
    public func beforeForwardBody(
        _ body: @escaping @Sendable (inout HTTPBody, Bool, HTTPSession) throws -> Void
    ) -> HTTPServer {
        adding(.beforeForwardBody(body))
    }

    /// Attaches a closure for each piece of a response's body: its bytes, and whether it is the
    /// last one. An error resets both connections.
    public func beforeRespondBody(
        _ body: @escaping @Sendable (inout HTTPBody, Bool, HTTPSession) throws -> Void
    ) -> HTTPServer {
        adding(.beforeRespondBody(body))
    }

    func adding(_ hook: HTTPHookTable) -> HTTPServer {
        var server = self
        server.httpHooks.append(hook)
        return server
    }
}
