/// What a framing of your own remembers of a stream between two reads: sixteen bytes, in two words.
/// Zero whenever a message begins.
public struct FramingState: Sendable, Equatable {
    /// The low eight bytes, for whatever the framing counts or keeps.
    public var lowWord: UInt64 = 0
    /// The high eight bytes.
    public var highWord: UInt64 = 0

    /// Nothing is remembered.
    public init() {}
}
