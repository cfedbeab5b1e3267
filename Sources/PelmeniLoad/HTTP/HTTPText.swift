/// Writes the text of a head into memory that has room for it, and reads its numbers.
struct HTTPText {
    private let bytes: UnsafeMutableRawPointer
    private(set) var count = 0

    init(_ bytes: UnsafeMutableRawPointer) { self.bytes = bytes }

    mutating func put(_ text: StaticString) {
        (bytes + count).copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
        count += text.utf8CodeUnitCount
    }

    mutating func put(decimal number: UInt32) {
        var digits = 1
        var limit: UInt64 = 10
        while UInt64(number) >= limit {
            digits += 1
            limit *= 10
        }
        var rest = number
        for offset in (0..<digits).reversed() {
            let digit = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            bytes.storeBytes(of: digit, toByteOffset: count + offset, as: UInt8.self)
            rest /= 10
        }
        count += digits
    }

    /// 16 digits in lower case.
    mutating func put(hexadecimal number: UInt64) {
        for offset in 0..<16 {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(60 - 4 * offset) & 15)
            let first = digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10
            bytes.storeBytes(of: first + digit, toByteOffset: count + offset, as: UInt8.self)
        }
        count += 16
    }

    /// Removes a beginning; false when the text has another one.
    static func drop(_ prefix: StaticString, _ text: inout Slice<UnsafeRawBufferPointer>) -> Bool {
        guard isEqual(text.prefix(prefix.utf8CodeUnitCount), prefix) else { return false }
        text = text.dropFirst(prefix.utf8CodeUnitCount)
        return true
    }

    static func isEqual(_ text: Slice<UnsafeRawBufferPointer>, _ wanted: StaticString) -> Bool {
        guard text.count == wanted.utf8CodeUnitCount else { return false }
        for offset in 0..<text.count
        where text[text.startIndex + offset] != wanted.utf8Start[offset] { return false }
        return true
    }

    /// Digits alone; nil for anything else, and for a number that does not fit.
    static func decimal(_ text: Slice<UnsafeRawBufferPointer>) -> UInt32? {
        guard (1...10).contains(text.count) else { return nil }
        var number: UInt64 = 0
        for byte in text {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
            number = number * 10 + UInt64(byte - UInt8(ascii: "0"))
        }
        return UInt32(exactly: number)
    }

    /// 16 digits in lower case alone.
    static func hexadecimal(_ text: Slice<UnsafeRawBufferPointer>) -> UInt64? {
        guard text.count == 16 else { return nil }
        var number: UInt64 = 0
        for byte in text {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                number = number << 4 | UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"):
                number = number << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return number
    }
}
