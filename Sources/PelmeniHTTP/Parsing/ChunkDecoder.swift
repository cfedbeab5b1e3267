/// Reads the framing of a chunked body, RFC 9112, 7.1, at any cut.
///
/// It sees the framing alone: a chunk's data is passed by, with ``skip(_:)``.
struct ChunkDecoder: Sendable {
    enum Step: Equatable {
        /// All bytes were taken.
        case more
        /// A chunk's data follows, so many bytes.
        case chunk(UInt64)
        /// The last chunk was read; trailers follow, as lines of fields up to an empty one.
        case trailers
    }

    private enum Place: UInt8 {
        case sizeFirst, size, extensions, lineFeed, data, dataFeed
    }

    // In this order they take 24 bytes, in each session twice.
    /// Data of all chunks that was passed by.
    private(set) var passed: UInt64 = 0
    /// The size of a chunk as far as it is read; then its data that was not passed by.
    private var left: UInt64 = 0
    /// Bytes of extensions so far.
    private var extensionBytes: UInt32 = 0
    private var place = Place.sizeFirst
    private var digits: UInt8 = 0

    static let digitsMax = 16

    /// Data of the present chunk that was not passed by.
    var dataLeft: UInt64 { place == .data ? left : 0 }

    /// Takes bytes of the framing. Returns what follows, and how many bytes were taken.
    mutating func next(
        _ octets: Octets, from first: Int, _ limits: HTTPLimits
    ) throws(HTTPRefusal) -> (Step, taken: Int) {
        assert(place != .data || dataLeft == 0, "a chunk's data is passed by first")
        var at = first
        while at < octets.count {
            let byte = octets[at]
            at &+= 1
            switch place {
            case .sizeFirst, .size: try takeSize(byte)
            case .extensions:
                guard byte != 0x0d else {
                    place = .lineFeed
                    continue
                }
                guard byte == 0x09 || byte >= 0x20 && byte != 0x7f else {
                    throw .chunkExtensions
                }
                extensionBytes &+= 1
                guard extensionBytes <= limits.chunkExtensionBytes else {
                    throw .chunkExtensionsTooLong
                }
            case .lineFeed:
                guard byte == 0x0a else { throw .chunkLine }
                place = left == 0 ? .sizeFirst : .data
                digits = 0
                return (left == 0 ? .trailers : .chunk(left), at &- first)
            case .data:
                guard byte == 0x0d else { throw .chunkLine }
                place = .dataFeed
            case .dataFeed:
                guard byte == 0x0a else { throw .chunkLine }
                place = .sizeFirst
            }
        }
        return (.more, at &- first)
    }

    private mutating func takeSize(_ byte: UInt8) throws(HTTPRefusal) {
        if let digit = Octets.hexadecimal(byte) {
            if place == .sizeFirst { left = 0 }
            place = .size
            digits &+= 1
            guard digits <= Self.digitsMax, left >> 59 == 0 else { throw .chunkSize }
            left = left << 4 | digit
            return
        }
        guard place == .size else { throw .chunkSize }
        switch byte {
        case 0x0d: place = .lineFeed
        case 0x3b: place = .extensions
        case 0x0a: throw .chunkLine
        default: throw .chunkSize
        }
    }

    /// Data of the present chunk went on.
    mutating func skip(_ bytes: UInt64) {
        assert(place == .data && bytes <= dataLeft, "more data than the chunk has")
        left &-= bytes
        passed &+= bytes
    }
}
