internal import Glibc

/// Writes heads into free memory: what came, without the lines that do not go on, and the proxy's
/// own fields behind it.
struct HeadWriter {
    private let start: UnsafeMutablePointer<UInt8>
    private let room: Int
    private(set) var count = 0

    init(_ memory: UnsafeMutableRawBufferPointer) {
        guard let first = memory.baseAddress else {
            preconditionFailure("a head is written into memory")
        }
        start = first.assumingMemoryBound(to: UInt8.self)
        room = memory.count
    }

    // MARK: Parts

    mutating func write(_ text: StaticString) {
        write(text.utf8Start, text.utf8CodeUnitCount)
    }

    mutating func write(_ octets: Octets, _ range: Range<Int>) {
        write(octets.start + range.lowerBound, range.count)
    }

    @inline(__always)
    mutating func write(_ bytes: UnsafePointer<UInt8>, _ length: Int) {
        precondition(length <= room &- count, "a head is longer than the memory for it")
        memcpy(start + count, bytes, length)
        count &+= length
    }

    mutating func write(_ number: UInt64, radix: UInt64 = 10) {
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        withUnsafeMutableBytes(of: &digits) { memory in
            var at = memory.count
            var left = number
            repeat {
                at &-= 1
                let digit = UInt8(truncatingIfNeeded: left % radix)
                memory[at] = digit < 10 ? digit &+ 0x30 : digit &+ 0x57
                left /= radix
            } while left > 0
            guard let first = memory.baseAddress else { return }
            write(first.assumingMemoryBound(to: UInt8.self) + at, memory.count &- at)
        }
    }

    /// All lines of fields but the dropped ones.
    mutating func writeFields(_ octets: Octets, from first: Int, to end: Int, _ facts: FieldFacts) {
        guard !facts.dropped.isEmpty else { return write(octets, first..<end) }
        var kept = first
        var at = first
        var line = 0
        while at < end, let feed = octets.lineFeed(from: at) {
            if facts.dropped.contains(line) {
                write(octets, kept..<at)
                kept = feed &+ 1
            }
            at = feed &+ 1
            line &+= 1
        }
        write(octets, kept..<end)
    }
}

/// The bytes that the writer of a head needs, beside those of the head that came.
enum HeadRoom {
    /// The proxy's own fields, without names of hosts.
    static let own = 512
}
