/// A type with one or more of ``BeforeForward``, ``BeforeSend``, ``BeforeRespond``, ``OnOpen`` and
/// ``OnClose``: an engine makes an instance for each session, on the session's worker.
///
/// An instance has plain state and needs no lock: one worker calls it, for both directions of its
/// session, and it is gone after ``OnClose/onClose(_:_:)``. A hook must not block, for its worker
/// waits.
public protocol Hook: SendableMetatype {}

/// A hook with a moment that servers have.
public protocol ServerHook: Hook {}

/// A hook with a moment that clients have.
public protocol ClientHook: Hook {}

/// Sees what the client sent, before all other hooks.
public protocol BeforeForward: ServerHook {
    /// Called for each chunk, message or datagram that the client sent.
    ///
    /// - Throws: any error closes the session, as ``Verdict/close(_:)`` does, with the error's text
    ///   as the reason.
    mutating func beforeForward(
        _ data: inout Buffer, _ session: borrowing Session
    ) throws -> Verdict
}

/// Sees what is about to be sent to the upstream: after conversion, without its frame.
public protocol BeforeSend: ClientHook {
    /// Called for each chunk, message or datagram on its way to the upstream.
    ///
    /// - Throws: any error closes the session, as ``Verdict/close(_:)`` does, with the error's text
    ///   as the reason.
    mutating func beforeSend(
        _ data: inout Buffer, _ session: borrowing Session
    ) throws -> Verdict
}

/// Sees what the upstream answered: hooks of the client first, in reverse order of attachment.
public protocol BeforeRespond: ServerHook, ClientHook {
    /// Called for each chunk, message or datagram on its way to the client.
    ///
    /// - Throws: any error closes the session, as ``Verdict/close(_:)`` does, with the error's text
    ///   as the reason.
    mutating func beforeRespond(
        _ data: inout Buffer, _ session: borrowing Session
    ) throws -> Verdict
}

/// Is asked when a session opens, before its upstream is dialled.
public protocol OnOpen: ServerHook, ClientHook {
    /// Called once, before any other moment.
    ///
    /// - Throws: any error closes the session, with the error's text as the reason.
    mutating func onOpen(_ session: borrowing Session) throws -> OpenVerdict
}

/// Is told when a session has ended.
public protocol OnClose: ServerHook, ClientHook {
    /// Called once, after the last unit, for each instance that was made.
    mutating func onClose(_ cause: EndCause, _ session: borrowing Session)
}
