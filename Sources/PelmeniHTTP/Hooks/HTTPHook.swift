/// A type with one or more of ``HTTPBeforeForward``, ``HTTPBeforeSend`` and ``HTTPBeforeRespond``,
/// and their twins for the pieces of bodies: an engine makes an instance for each connection of a
/// client, on its worker.
///
/// An instance has plain state and needs no lock. A hook must not block, for its worker waits.
public protocol HTTPHook: SendableMetatype {
    /// The bytes of a request's body that the hook waits for: nil is none, and the hook is called
    /// with the head. A longer body is answered with 413.
    static var collectedRequestBytesMax: Int? { get }
    /// The bytes of a response's body that the hook waits for: nil is none, and the hook is called
    /// with the head. A longer body is answered with 502.
    static var collectedResponseBytesMax: Int? { get }
}

extension HTTPHook {
    /// None.
    public static var collectedRequestBytesMax: Int? { nil }
    /// None.
    public static var collectedResponseBytesMax: Int? { nil }
}

/// A hook with a moment that servers have.
public protocol HTTPServerHook: HTTPHook {}

/// A hook with a moment that clients have.
public protocol HTTPClientHook: HTTPHook {}

/// Sees what the client asked, before all other hooks.
public protocol HTTPBeforeForward: HTTPServerHook {
    /// Called once for each request.
    ///
    /// - Throws: any error is answered with 500, and its text is the reason in the log.
    mutating func beforeForward(
        _ request: inout HTTPRequest, _ session: HTTPSession
    ) throws -> HTTPVerdict
}

/// Sees what is about to be sent to the upstream.
public protocol HTTPBeforeSend: HTTPClientHook {
    /// Called once for each request.
    ///
    /// - Throws: any error is answered with 500, and its text is the reason in the log.
    mutating func beforeSend(
        _ request: inout HTTPRequest, _ session: HTTPSession
    ) throws -> HTTPVerdict
}

/// Sees what the upstream answered: hooks of the client first, in reverse order of attachment.
public protocol HTTPBeforeRespond: HTTPServerHook, HTTPClientHook {
    /// Called once for each response of 200 and above, not for 1xx and not for the engine's own.
    ///
    /// - Throws: any error is answered with 500, and its text is the reason in the log.
    mutating func beforeRespond(
        _ response: inout HTTPResponse, _ session: HTTPSession
    ) throws -> HTTPVerdict
}

/// Sees the pieces of a request's body as the client sends them.
public protocol HTTPBeforeForwardBody: HTTPServerHook {
    /// Called for each piece, which is cut anywhere, and once with `isEnd`, with bytes or without.
    /// What the hook leaves goes on; the body is sent in chunks.
    ///
    /// - Throws: any error resets both connections, and its text is the reason in the log.
    mutating func beforeForwardBody(
        _ piece: inout HTTPBody, isEnd: Bool, _ session: HTTPSession
    ) throws
}

/// Sees the pieces of a request's body on their way to the upstream.
public protocol HTTPBeforeSendBody: HTTPClientHook {
    /// Called for each piece, which is cut anywhere, and once with `isEnd`, with bytes or without.
    /// What the hook leaves goes on; the body is sent in chunks.
    ///
    /// - Throws: any error resets both connections, and its text is the reason in the log.
    mutating func beforeSendBody(
        _ piece: inout HTTPBody, isEnd: Bool, _ session: HTTPSession
    ) throws
}

/// Sees the pieces of a response's body on their way to the client.
public protocol HTTPBeforeRespondBody: HTTPServerHook, HTTPClientHook {
    /// Called for each piece, which is cut anywhere, and once with `isEnd`, with bytes or without.
    /// What the hook leaves goes on; the body is sent in chunks, to HTTP/1.0 up to the end of the
    /// connection.
    ///
    /// - Throws: any error resets both connections, and its text is the reason in the log.
    mutating func beforeRespondBody(
        _ piece: inout HTTPBody, isEnd: Bool, _ session: HTTPSession
    ) throws
}
