/// The memory of a framing of your own between two reads of a stream. Zero whenever a message
/// begins.
public struct FramingState: Sendable, Equatable {
    /// The first eight bytes, for any use.
    public var first: UInt64 = 0
    /// The last eight bytes.
    public var second: UInt64 = 0

    /// Empty memory.
    public init() {}
}
