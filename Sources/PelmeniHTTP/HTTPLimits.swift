/// The bounds of HTTP messages, for each head and body and in both directions. A message beyond one
/// is refused, and the log names the bound.
public struct HTTPLimits: Sendable, Equatable {
    /// Bytes of a head, from its first line to the empty one: 1 KiB to 256 KiB.
    public var headBytes = 64 << 10
    /// Bytes of a request's first line: 256 to those of a head.
    public var requestLineBytes = 16 << 10
    /// Fields of a head, and of trailers: 1 to 256.
    public var fields = 200
    /// Bytes of all chunk extensions of a body: up to 256 KiB.
    public var chunkExtensionBytes = 4 << 10
    /// Bytes of trailers: up to those of a head.
    public var trailerBytes = 16 << 10

    /// The bounds that fit most uses: 64 KiB, 16 KiB, 200 fields, 4 KiB, 16 KiB.
    public init() {}

    /// What a head may have at most, whatever was asked for: the seam's bound of bytes left
    /// untaken, and the number of lines that a set of lines knows.
    static let headBytesMax = 256 << 10
    static let fieldsMax = 256

    package static let headRange = 1 << 10...headBytesMax
    package static let requestLineRange = 256...headBytesMax
    package static let fieldsRange = 1...fieldsMax
    package static let chunkExtensionRange = 0...headBytesMax
    package static let trailerRange = 0...headBytesMax

    /// Whether a head that was not complete has to be read again: a line has ended since, or a
    /// limit is reached. So a head is read once a line at most, however slowly it comes. What comes
    /// behind its last line is read at the stream's end, or when the time is over.
    func areMet(_ octets: Octets, readBefore count: Int) -> Bool {
        // A carriage return that nothing followed yet may turn out to be a bare one.
        if count == 0 || octets.hasLineEnd(from: count - 1) { return true }
        if octets.count >= headBytes { return true }
        // An empty line may stand before a request's first one.
        let line = requestLineBytes + 2
        return count < line && octets.count >= requestLineBytes
    }

    /// The nearest values that a proxy can keep.
    package var usable: HTTPLimits {
        var limits = self
        limits.headBytes = Self.clamped(headBytes, Self.headRange)
        limits.requestLineBytes = min(
            Self.clamped(requestLineBytes, Self.requestLineRange), limits.headBytes)
        limits.fields = Self.clamped(fields, Self.fieldsRange)
        limits.chunkExtensionBytes = Self.clamped(
            chunkExtensionBytes, Self.chunkExtensionRange)
        limits.trailerBytes = min(
            Self.clamped(trailerBytes, Self.trailerRange), limits.headBytes)
        return limits
    }

    private static func clamped(_ value: Int, _ range: ClosedRange<Int>) -> Int {
        min(max(value, range.lowerBound), range.upperBound)
    }
}
