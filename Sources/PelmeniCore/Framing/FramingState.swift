/// What a framing of your own remembers of a stream between two reads. Zero whenever a message
/// begins.
public struct FramingState: Sendable, Equatable {
    /// The first eight of its bytes, for whatever you like.
    public var first: UInt64 = 0
    /// The last eight.
    public var second: UInt64 = 0

    /// Nothing is remembered.
    public init() {}
}
