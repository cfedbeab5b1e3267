public import PelmeniCore

// Asynchronous hooks of a server. The compiler tells their closures from synchronous ones by the
// `await` in them.
extension Server {
    /// Attaches an asynchronous hook: a value that all sessions share.
    ///
    /// - Parameters:
    ///   - hook: a value with ``AsyncBeforeForward`` or ``AsyncBeforeRespond``.
    ///   - deadline: the longest time of a call, 1 us to 8760 h; then the session closes with cause
    ///     `hook`. Ten seconds by default. The engine refuses another deadline when it is made.
    @_disfavoredOverload
    public func hook<H: AsyncServerHook>(_ hook: H, deadline: Duration = .seconds(10)) -> Self {
        adding(HookTable(ofServer: hook, deadline: deadline))
    }

    /// Attaches an asynchronous closure for each chunk, message or datagram that a client sent.
    ///
    /// - Parameters:
    ///   - deadline: the longest time of a call, 1 us to 8760 h; then the session closes with cause
    ///     `hook`. Ten seconds by default. The engine refuses another deadline when it is made.
    ///   - body: owns the unit, and decides about it. An error closes the session, with its text as
    ///     the reason.
    @_disfavoredOverload
    public func beforeForward(
        deadline: Duration = .seconds(10),
        _ body: @escaping @Sendable (consuming Buffer, SessionInfo) async throws -> AsyncVerdict
    ) -> Self {
        adding(HookTable(asyncBeforeForward: body, deadline: deadline))
    }

    /// Attaches an asynchronous closure for each chunk, message or datagram on its way to a client.
    ///
    /// - Parameters:
    ///   - deadline: the longest time of a call, 1 us to 8760 h; then the session closes with cause
    ///     `hook`. Ten seconds by default. The engine refuses another deadline when it is made.
    ///   - body: owns the unit, and decides about it. An error closes the session, with its text as
    ///     the reason.
    @_disfavoredOverload
    public func beforeRespond(
        deadline: Duration = .seconds(10),
        _ body: @escaping @Sendable (consuming Buffer, SessionInfo) async throws -> AsyncVerdict
    ) -> Self {
        adding(HookTable(asyncBeforeRespond: body, deadline: deadline))
    }
}
