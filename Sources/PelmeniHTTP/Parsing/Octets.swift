internal import Glibc

/// Bytes of a message, with the classes of RFC 9110: all functions stay within `count`.
///
/// Eight bytes are tested at once; the classes of single ones are bit masks, so that no table is
/// read.
struct Octets {
    let start: UnsafePointer<UInt8>
    let count: Int

    @inline(__always)
    init(_ start: UnsafePointer<UInt8>, count: Int) {
        self.start = start
        self.count = count
    }

    @inline(__always)
    subscript(_ index: Int) -> UInt8 {
        assert(index >= 0 && index < count, "an index beyond the bytes")
        return start[index]
    }

    // MARK: Classes

    /// RFC 9110, 5.6.2: a byte of a token.
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        // ! # $ % & ' * + - . 0-9, then A-Z ^ _ ` a-z | ~
        let low: UInt64 = 0x03ff_6cfa_0000_0000
        let high: UInt64 = 0x57ff_ffff_c7ff_fffe
        let half = byte & 0x40 == 0 ? low : high
        return byte < 0x80 && half >> UInt64(byte & 0x3f) & 1 == 1
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    @inline(__always)
    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// A letter's small form; other bytes may change too, but to no letter.
    @inline(__always)
    static func small(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    /// The value of a hexadecimal digit; nil for another byte.
    @inline(__always)
    static func hexadecimal(_ byte: UInt8) -> UInt64? {
        if isDigit(byte) { return UInt64(byte &- 0x30) }
        let letter = byte | 0x20
        return letter &- 0x61 < 6 ? UInt64(letter &- 0x57) : nil
    }

    /// Copies a range into memory with room for it.
    func copy(_ range: Range<Int>, into memory: UnsafeMutableRawBufferPointer, at place: Int) {
        precondition(range.count <= memory.count &- place, "the memory has no room")
        guard range.count > 0, let target = memory.baseAddress else { return }
        memcpy(target + place, start + range.lowerBound, range.count)
    }

    // MARK: Scanning

    /// The first byte at `index` or behind that is a control byte or DEL, or `count`. A tab is one.
    @inline(__always)
    func endOfText(from index: Int) -> Int {
        var at = index
        let raw = UnsafeRawPointer(start)
        while at &+ 8 <= count {
            let word = UInt64(
                littleEndian: raw.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            let delete = word ^ 0x7f7f_7f7f_7f7f_7f7f
            // The lowest bit that is set is exact: a borrow goes upwards only.
            let controls = (word &- 0x2020_2020_2020_2020) & ~word
            let deletes = (delete &- 0x0101_0101_0101_0101) & ~delete
            let found = (controls | deletes) & 0x8080_8080_8080_8080
            guard found == 0 else { return at &+ found.trailingZeroBitCount &>> 3 }
            at &+= 8
        }
        while at < count, start[at] >= 0x20, start[at] != 0x7f { at &+= 1 }
        return at
    }

    /// The first byte at `index` or behind that is no token's, or `count`.
    @inline(__always)
    func endOfToken(from index: Int) -> Int {
        var at = index
        while at < count, Self.isToken(start[at]) { at &+= 1 }
        return at
    }

    /// The first line feed at `index` or behind; nil when there is none.
    @inline(__always)
    func lineFeed(from index: Int) -> Int? {
        guard index < count, let found = memchr(start + index, 0x0a, count &- index) else {
            return nil
        }
        return found - UnsafeMutableRawPointer(mutating: start)
    }

    /// Whether there is a carriage return or a line feed at `index` or behind.
    func hasLineEnd(from index: Int) -> Bool {
        guard index < count else { return false }
        return memchr(start + index, 0x0a, count &- index) != nil
            || memchr(start + index, 0x0d, count &- index) != nil
    }

    /// Whether a range is a text in small letters, whatever its letters' case.
    @inline(__always)
    func equals(_ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        let wanted = text.utf8Start
        for index in 0..<range.count
        where Self.small(start[range.lowerBound &+ index]) != wanted[index] {
            return false
        }
        return true
    }

    /// Whether two ranges are equal but for the case of letters.
    func equals(_ range: Range<Int>, _ other: Octets, _ otherRange: Range<Int>) -> Bool {
        guard range.count == otherRange.count else { return false }
        return zip(range, otherRange).allSatisfy {
            Self.small(start[$0]) == Self.small(other.start[$1])
        }
    }

    /// A range without the spaces and tabs at its ends.
    @inline(__always)
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high, Self.isSpace(start[low]) { low &+= 1 }
        while high > low, Self.isSpace(start[high &- 1]) { high &-= 1 }
        return low..<high
    }

    /// The number of a range of 1 to 18 digits; nil for anything else.
    func number(_ range: Range<Int>) -> UInt64? {
        guard (1...18).contains(range.count) else { return nil }
        var value: UInt64 = 0
        for index in range {
            guard Self.isDigit(start[index]) else { return nil }
            value = value &* 10 &+ UInt64(start[index] &- 0x30)
        }
        return value
    }
}
