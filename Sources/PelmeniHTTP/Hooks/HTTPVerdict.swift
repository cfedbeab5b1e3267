public import Pelmeni

/// What a hook decides about a request or a response.
public enum HTTPVerdict: Sendable {
    /// It goes on as it is now.
    case forward
    /// The client gets this response, which passes no other hook. In place of a request: no
    /// upstream sees it. In place of a response: the upstream's is dropped. The client's connection
    /// is kept, unless much of the request's body has still to come.
    case reply(HTTPResponse)
    /// The request goes on, to this upstream of the client's list first. A response cannot.
    case route(to: Int)
    /// What was sent before goes out; then both connections are reset. The session's cause is
    /// `hook`, and the reason is logged.
    case close(StaticString)
}

/// The exchange of a hook's call: a copy, which may be kept.
public struct HTTPSession: Sendable {
    /// The client's address. A Unix stream has none: it is `unnamed`.
    public let client: Address
    /// The number of the upstream in the client's list; nil while none has accepted.
    public let upstream: Int?
    /// The request of a response, as it was sent to the upstream; nil for hooks of requests.
    public let request: HTTPRequest?
}
