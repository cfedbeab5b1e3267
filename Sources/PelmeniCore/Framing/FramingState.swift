/// The memory of a framing of your own between two reads of a stream: sixteen bytes, in two words.
/// Zero whenever a message begins.
public struct FramingState: Sendable, Equatable {
    /// The low eight bytes, for any use.
    public var lowWord: UInt64 = 0
    /// The high eight bytes, for any use.
    public var highWord: UInt64 = 0

    /// Empty memory.
    public init() {}
}
