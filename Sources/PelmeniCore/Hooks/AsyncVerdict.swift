/// What an asynchronous hook decides about a unit that it was given.
///
/// A buffer that goes on may be the given one, as it is now, or another one.
public enum AsyncVerdict: ~Copyable, Sendable {
    /// The buffer goes on. A chunk without bytes is not sent; a message without bytes is, where the
    /// other side can carry one.
    case forward(Buffer)
    /// As ``forward(_:)``, and this hook is not called for this direction again. Once all hooks of
    /// a direction of two plain streams are released, it is relayed as without hooks.
    case release(Buffer)
    /// The unit is not forwarded. A stream's end still is.
    case drop
    /// The unit is not forwarded, and the buffer goes back to where the unit came from, behind the
    /// bytes queued there. It passes no hook. In place of a request it is the answer to it.
    case reply(Buffer)
    /// As ``reply(_:)``, or as ``drop`` without a buffer; then the session ends in order, once its
    /// queued bytes are sent. Its cause is `completed`.
    case finish(Buffer? = nil)
    /// The unit is not forwarded; bytes queued before it are sent, and streams are then reset. The
    /// session's cause is `hook`; the reason is logged.
    case close(StaticString)
}

extension HookTicket {
    /// Calls a hook with the unit, and sends its verdict back.
    func answer(
        _ body: @Sendable (consuming Buffer, SessionInfo) async throws -> AsyncVerdict,
        _ session: SessionInfo
    ) async {
        do {
            answer(try await body(takeBuffer(), session))
        } catch {
            answer(.close, nil, reason: "\(error)")
        }
    }

    private func answer(_ verdict: consuming AsyncVerdict) {
        switch consume verdict {
        case .forward(let buffer): answer(.forward, buffer)
        case .release(let buffer): answer(.release, buffer)
        case .drop: answer(.drop, nil)
        case .reply(let buffer): answer(.reply, buffer)
        case .finish(let buffer): answer(.finish, buffer)
        case .close(let reason): answer(.close, nil, reason: "\(reason)")
        }
    }
}
