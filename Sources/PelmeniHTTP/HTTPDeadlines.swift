/// How long each part of an exchange may take. None is a total on a body that moves.
public struct HTTPDeadlines: Sendable, Equatable {
    /// A head, from its first byte to its last.
    public var head = Duration.seconds(30)
    /// A body of either direction without a byte.
    public var body = Duration.seconds(60)
    /// From the last byte of a request to the head of its response.
    public var answer = Duration.seconds(30)
    /// Between two requests of a client.
    public var clientIdle = Duration.seconds(60)
    /// An upstream's connection without a request.
    public var upstreamIdle = Duration.seconds(30)

    /// 30 s, 60 s, 30 s, 60 s and 30 s.
    public init() {}
}
