package import PelmeniCore

/// How messages cross a pair: how they stand in its streams, and how many of them a session has.
package struct FramingConfiguration: Equatable, Sendable {
    /// 64 KiB hold the largest datagram.
    package static let maxFrameDefault = 64 << 10
    /// A frame longer than this is a mistake, or an attack.
    package static let maxFrameMax = 16 << 20
    /// Between two streams a message is whole in one bulk block, with room for its frame.
    package static let maxFrameBetweenStreams = BlockClass.bulk.bytes - 256

    /// How messages are cut from the listener's streams, and from the upstream's. Where one side
    /// has datagrams, both say what holds for the other side.
    package var client: StreamFraming
    package var upstream: StreamFraming
    /// Two streams have framings.
    package var isBetweenStreams = false
    /// Datagrams from the client after which its session ends; 0 is none.
    package var requests: UInt32
    /// Answers to each datagram of the client, after which a session without open questions ends; 0
    /// is any.
    package var responses: UInt32

    package init(
        client: StreamFraming, upstream: StreamFraming, requests: UInt32 = 0, responses: UInt32 = 0
    ) {
        self.client = client
        self.upstream = upstream
        self.requests = requests
        self.responses = responses
    }

    /// The same for both sides.
    package init(
        framing: Framing = .u16be, maxFrame: Int = Self.maxFrameDefault, requests: UInt32 = 0,
        responses: UInt32 = 0
    ) {
        let framing = StreamFraming(framing, maxFrame: maxFrame)
        self.init(client: framing, upstream: framing, requests: requests, responses: responses)
    }
}
