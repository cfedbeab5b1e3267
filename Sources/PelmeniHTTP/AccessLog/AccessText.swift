internal import Glibc

/// How much of a request a line of an access log has. Longer values end with three dots.
enum AccessBounds {
    /// Bytes of a target, as the line has them: escapes count.
    static let targetBytes = 2_048
    /// Bytes of a Host, a User-Agent and a Referer, each.
    static let fieldBytes = 512
    static let methodBytes = 64
    static let versionBytes = 32
    /// Behind a value that is cut.
    static let mark: StaticString = "..."
    /// Bytes of a request that came, at most, that are looked at for its first line.
    static let lineBytes = 4_096
    /// Bytes of an upstream's name.
    static let upstreamBytes = 300
    /// A line's parts but those of the request: numbers, addresses and reasons.
    static let ownBytes = 1_024
    /// All values of a request and their names.
    static let requestBytes =
        targetBytes + 3 * fieldBytes + methodBytes + versionBytes + 8 * 16 + 64
}

/// Writes values of a request into memory, escaped. What finds no room is left out, and noted.
struct AccessText {
    private let start: UnsafeMutablePointer<UInt8>
    private let room: Int
    private(set) var count = 0
    private(set) var isFull = false

    init(_ start: UnsafeMutablePointer<UInt8>, room: Int) {
        self.start = start
        self.room = room
    }

    mutating func write(_ text: StaticString) { write(text.utf8Start, text.utf8CodeUnitCount) }

    @inline(__always)
    private mutating func write(_ bytes: UnsafePointer<UInt8>, _ length: Int) {
        guard length <= room &- count else {
            isFull = true
            return
        }
        memcpy(start + count, bytes, length)
        count &+= length
    }

    /// Bytes of a client as printable ASCII: `\u00NN` in JSON, `\xNN` in text, and a backslash
    /// before quotes and backslashes in both.
    mutating func write(_ octets: Octets, _ range: Range<Int>, most: Int, isJSON: Bool) {
        let first = count
        let end = first &+ most &- AccessBounds.mark.utf8CodeUnitCount
        var at = range.lowerBound
        while at < range.upperBound {
            let plain = at
            while at < range.upperBound, Self.isPlain(octets[at]), count &+ at &- plain < end {
                at &+= 1
            }
            write(octets.start + plain, at &- plain)
            guard at < range.upperBound else { return }
            let length = Self.escapeBytes(octets[at], isJSON: isJSON)
            guard !isFull, count &+ length <= end else { break }
            escape(octets[at], length)
            at &+= 1
        }
        if at < range.upperBound { write(AccessBounds.mark) }
    }

    @inline(__always)
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7f && byte != 0x22 && byte != 0x5c
    }

    private static func escapeBytes(_ byte: UInt8, isJSON: Bool) -> Int {
        byte == 0x22 || byte == 0x5c ? 2 : isJSON ? 6 : 4
    }

    /// - Parameter length: of the escape, which has one meaning each.
    private mutating func escape(_ byte: UInt8, _ length: Int) {
        let (high, low) = (Self.digit(byte >> 4), Self.digit(byte & 15))
        let text: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8) =
            switch length {
            case 2: (0x5c, byte, 0, 0, 0, 0)
            case 4: (0x5c, 0x78, high, low, 0, 0)
            default: (0x5c, 0x75, 0x30, 0x30, high, low)
            }
        withUnsafeBytes(of: text) { memory in
            guard let first = memory.baseAddress else { return }
            write(first.assumingMemoryBound(to: UInt8.self), length)
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? value &+ 0x30 : value &+ 0x57
    }
}
