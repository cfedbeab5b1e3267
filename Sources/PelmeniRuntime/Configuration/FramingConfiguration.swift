package import PelmeniCore

/// How messages cross a pair: the framings of its streams, and the limits of a session.
package struct FramingConfiguration: Equatable, Sendable {
    /// 64 KiB hold the largest datagram.
    package static let maxFrameDefault = 64 << 10
    /// A longer frame is a mistake, or an attack.
    package static let maxFrameMax = 16 << 20
    /// Between two streams a message lies whole in one bulk block, with room for its frame.
    package static let maxFrameBetweenStreams = BlockClass.bulk.bytes - 256

    /// The framings of the listener's streams and of the upstream's. Where one side has datagrams,
    /// both are the other side's.
    package var client: StreamFraming
    package var upstream: StreamFraming
    /// Both sides are streams, and have framings.
    package var isBetweenStreams = false
    /// Datagrams from the client after which its session ends; 0 is no limit.
    package var requests: UInt32
    /// Responses to each datagram of the client: a session with all of them ends. 0 is any number.
    package var responses: UInt32

    package init(
        client: StreamFraming, upstream: StreamFraming, requests: UInt32 = 0, responses: UInt32 = 0
    ) {
        self.client = client
        self.upstream = upstream
        self.requests = requests
        self.responses = responses
    }

    /// The same framing on both sides.
    package init(
        framing: Framing = .u16be, maxFrame: Int = Self.maxFrameDefault, requests: UInt32 = 0,
        responses: UInt32 = 0
    ) {
        let framing = StreamFraming(framing, maxFrame: maxFrame)
        self.init(client: framing, upstream: framing, requests: requests, responses: responses)
    }
}
