/// What a listener does with clients while no upstream of its pair takes connections.
public enum WhenDown: String, CaseIterable, Sendable {
    /// Clients are accepted, and each of them tries the upstreams. One that reaches none is reset,
    /// or answered with 503 where it is one of HTTP.
    case accept
    /// The listener stops listening: connects are refused, so that a balancer in front sees it.
    /// Connections in the backlog are reset, sessions go on. The engine connects to the upstreams
    /// once a second, and listens again once one accepts.
    ///
    /// For listeners on TCP ports, HTTP among them, and upstreams that are streams. Each worker
    /// finds out by itself: clients come to the workers that still listen.
    case refuse
}
