public import PelmeniCore

// Hooks of a server: a copy of it with one more. A server without hooks costs nothing.
extension Server {
    /// Attaches a hook type with ``BeforeForward``, ``BeforeRespond``, ``OnOpen`` or ``OnClose``.
    ///
    /// - Parameter factory: makes an instance for each session, on the session's worker. An error
    ///   closes the session before its upstream is dialled.
    @inlinable
    public func hook<H: ServerHook>(
        _ factory: @escaping @Sendable () throws -> H
    ) -> Self {
        adding(HookTable(factory))
    }

    /// Attaches a closure for each chunk, message or datagram that a client sent.
    ///
    /// - Parameter body: edits the unit, and decides about it. An error closes the session, with
    ///   its text as the reason.
    @inlinable
    public func beforeForward(
        _ body: @escaping @Sendable (inout Buffer, borrowing Session) throws -> Verdict
    ) -> Self {
        adding(HookTable(beforeForward: body))
    }

    /// Attaches a closure for each chunk, message or datagram on its way to a client.
    ///
    /// - Parameter body: edits the unit, and decides about it. An error closes the session, with
    ///   its text as the reason.
    @inlinable
    public func beforeRespond(
        _ body: @escaping @Sendable (inout Buffer, borrowing Session) throws -> Verdict
    ) -> Self {
        adding(HookTable(beforeRespond: body))
    }

    /// Attaches a closure that is asked when a session opens, before its upstream is dialled.
    @inlinable
    public func onOpen(
        _ body: @escaping @Sendable (borrowing Session) throws -> OpenVerdict
    ) -> Self {
        adding(HookTable(onOpen: body))
    }

    /// Attaches a closure that is told when a session has ended.
    @inlinable
    public func onClose(
        _ body: @escaping @Sendable (EndCause, borrowing Session) -> Void
    ) -> Self {
        adding(HookTable(onClose: body))
    }

    @usableFromInline
    func adding(_ hook: HookTable) -> Self {
        var server = self
        server.hooks.append(hook)
        return server
    }
}
