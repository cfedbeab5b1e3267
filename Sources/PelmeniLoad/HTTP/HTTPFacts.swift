/// The facts of a head that frame its message. A load and an origin know Content-Length alone: both
/// say it, and no proxy has a reason to replace it.
struct HTTPFacts {
    private(set) var contentLength: UInt32?
    private(set) var closes = false
    private(set) var hosts = 0

    /// Reads the lines behind the first one; nil when one is malformed, a length is not clear, or
    /// the body is chunked.
    init?(reading lines: inout HTTPLines) {
        while let line = lines.next() {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                take(name: line[..<colon], value: Self.trimmed(line[(colon + 1)...]))
            else { return nil }
        }
        guard !lines.isMalformed, lines.isAtEnd else { return nil }
    }

    /// False when the field must not be there.
    private mutating func take(
        name: Slice<UnsafeRawBufferPointer>, value: Slice<UnsafeRawBufferPointer>
    ) -> Bool {
        guard name.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return false }
        if Self.isEqual(name, "content-length") {
            guard contentLength == nil, let length = HTTPText.decimal(value) else { return false }
            contentLength = length
        } else if Self.isEqual(name, "connection") {
            if Self.isEqual(value, "close") { closes = true }
        } else if Self.isEqual(name, "host") {
            hosts += 1
        } else if Self.isEqual(name, "transfer-encoding") {
            return false
        }
        return true
    }

    private static func trimmed(
        _ text: Slice<UnsafeRawBufferPointer>
    ) -> Slice<UnsafeRawBufferPointer> {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        var (low, high) = (text.startIndex, text.endIndex)
        while low < high, isSpace(text[low]) { low += 1 }
        while low < high, isSpace(text[high - 1]) { high -= 1 }
        return text[low..<high]
    }

    /// - Parameter wanted: in lower case.
    private static func isEqual(
        _ text: Slice<UnsafeRawBufferPointer>, _ wanted: StaticString
    ) -> Bool {
        guard text.count == wanted.utf8CodeUnitCount else { return false }
        for offset in 0..<text.count {
            let byte = text[text.startIndex + offset]
            let isCapital = UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
            guard (isCapital ? byte | 0x20 : byte) == wanted.utf8Start[offset] else { return false }
        }
        return true
    }
}
