/// A type with one or more of ``AsyncBeforeForward``, ``AsyncBeforeSend`` and
/// ``AsyncBeforeRespond``: one value for all sessions, called from all workers.
///
/// A call owns its unit, and only the unit's direction of its session waits for the answer. The
/// state of a hook that changes stands in an actor or a `Mutex`. A type is asynchronous or a
/// ``Hook``, not both.
///
/// A call runs on the worker's thread until it waits for something else, and again once it goes on:
/// code that blocks the thread blocks all sessions of the worker.
public protocol AsyncHook: Sendable {}

/// An asynchronous hook with a moment that servers have.
public protocol AsyncServerHook: AsyncHook {}

/// An asynchronous hook with a moment that clients have.
public protocol AsyncClientHook: AsyncHook {}

/// Gets what the client sent, before all other hooks.
public protocol AsyncBeforeForward: AsyncServerHook {
    /// Called for each chunk, message or datagram that the client sent.
    ///
    /// The task is cancelled when the session ends or the deadline of the hook passes; an answer
    /// after that is dropped.
    ///
    /// - Throws: any error closes the session, as ``AsyncVerdict/close(_:)`` does, with the error's
    ///   text as the reason.
    func beforeForward(
        _ data: consuming Buffer, _ session: SessionInfo
    ) async throws -> AsyncVerdict
}

/// Gets what is about to be sent to the upstream: after conversion, without its frame.
public protocol AsyncBeforeSend: AsyncClientHook {
    /// Called for each chunk, message or datagram on its way to the upstream.
    ///
    /// The task is cancelled when the session ends or the deadline of the hook passes; an answer
    /// after that is dropped.
    ///
    /// - Throws: any error closes the session, as ``AsyncVerdict/close(_:)`` does, with the error's
    ///   text as the reason.
    func beforeSend(
        _ data: consuming Buffer, _ session: SessionInfo
    ) async throws -> AsyncVerdict
}

/// Gets what the upstream answered: hooks of the client first, in reverse order of attachment.
public protocol AsyncBeforeRespond: AsyncServerHook, AsyncClientHook {
    /// Called for each chunk, message or datagram on its way to the client.
    ///
    /// The task is cancelled when the session ends or the deadline of the hook passes; an answer
    /// after that is dropped.
    ///
    /// - Throws: any error closes the session, as ``AsyncVerdict/close(_:)`` does, with the error's
    ///   text as the reason.
    func beforeRespond(
        _ data: consuming Buffer, _ session: SessionInfo
    ) async throws -> AsyncVerdict
}
