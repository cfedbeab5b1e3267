/// How messages cross a pair that has datagrams on at least one side.
package struct FramingConfiguration: Equatable, Sendable {
    /// 64 KiB hold the largest datagram.
    package static let maxFrameDefault = 64 << 10
    /// A frame longer than this is a mistake, or an attack.
    package static let maxFrameMax = 16 << 20

    /// How messages are cut from the stream side.
    package var framing: Framing
    /// Payload bytes of the longest message that is let through; a longer one closes the stream.
    package var maxFrame: Int
    /// Datagrams from the client after which its session ends; 0 is none.
    package var requests: UInt32
    /// Answers to each datagram of the client, after which a session without open questions ends; 0
    /// is any.
    package var responses: UInt32

    package var client: StreamFraming { StreamFraming(framing, maxFrame: maxFrame) }
    package var upstream: StreamFraming { StreamFraming(framing, maxFrame: maxFrame) }

    package init(
        framing: Framing = .u16be, maxFrame: Int = Self.maxFrameDefault, requests: UInt32 = 0,
        responses: UInt32 = 0
    ) {
        self.framing = framing
        self.maxFrame = maxFrame
        self.requests = requests
        self.responses = responses
    }
}
