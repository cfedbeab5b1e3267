/// The bounds of HTTP messages, for each head and body and in both directions. A message beyond one
/// is refused, and the log names the bound.
public struct HTTPLimits: Sendable, Equatable {
    /// Bytes of a head, from its first line to the empty one: 1 KiB to 256 KiB.
    public var headBytes = 64 << 10
    /// Bytes of a request's first line.
    public var requestLineBytes = 16 << 10
    /// Fields of a head, and of trailers: at most 256.
    public var fields = 200
    /// Bytes of all chunk extensions of a body.
    public var chunkExtensionBytes = 4 << 10
    /// Bytes of trailers.
    public var trailerBytes = 16 << 10

    /// The bounds that fit most uses: 64 KiB, 16 KiB, 200 fields, 4 KiB, 16 KiB.
    public init() {}

    /// What a head may have at most, whatever was asked for: the seam's bound of bytes left
    /// untaken, and the number of lines that a set of lines knows.
    static let headBytesMax = 256 << 10
    static let fieldsMax = 256

    /// Whether a head that was not complete has to be read again: a line has ended since, or a
    /// limit is reached. So a head is read once a line at most, however slowly it comes.
    func areMet(_ octets: Octets, readBefore count: Int) -> Bool {
        // A carriage return that nothing followed yet may turn out to be a bare one.
        if count == 0 || octets.hasLineEnd(from: count - 1) { return true }
        if octets.count >= headBytes { return true }
        // An empty line may stand before a request's first one.
        let line = requestLineBytes + 2
        return count < line && octets.count >= requestLineBytes
    }

    var usable: HTTPLimits {
        var limits = self
        limits.headBytes = min(max(headBytes, 1 << 10), Self.headBytesMax)
        limits.requestLineBytes = min(max(requestLineBytes, 256), limits.headBytes)
        limits.fields = min(max(fields, 1), Self.fieldsMax)
        limits.chunkExtensionBytes = max(0, chunkExtensionBytes)
        limits.trailerBytes = min(max(0, trailerBytes), limits.headBytes)
        return limits
    }
}
