internal import Pelmeni

/// What has to be known of a head of HTTP/1.1, a request's or a response's.
struct FixedHead {
    /// Bytes up to the body.
    let bytes: UInt64
    /// Of the body; 0 without a length.
    private(set) var bodyBytes: UInt64 = 0
    let isHeadRequest: Bool
    /// The body has no transfer coding, and one length at most.
    private(set) var isFramed = true

    /// Nil while the head is not complete.
    init?(_ data: UnsafeRawBufferPointer) {
        guard let end = Self.end(of: data) else { return nil }
        bytes = UInt64(end)
        isHeadRequest = Self.begins(data, with: "head ")
        var line = 0
        var lengths = 0
        while line < end {
            var next = line
            while data[next] != 0x0a { next += 1 }
            let field = UnsafeRawBufferPointer(rebasing: data[line..<next])
            line = next + 1
            guard field.count > 15 else { continue }
            if Self.begins(field, with: "content-length:") {
                lengths += 1
                guard lengths == 1, let count = Self.number(field) else {
                    isFramed = false
                    continue
                }
                bodyBytes = count
            } else if Self.begins(field, with: "transfer-encoding:") {
                isFramed = false
            }
        }
    }

    /// Behind the empty line.
    private static func end(of data: UnsafeRawBufferPointer) -> Int? {
        var at = 3
        while at < data.count {
            // The last byte of the end tells how far to go.
            switch data[at] {
            case 0x0a where data[at - 1] == 0x0d && data[at - 2] == 0x0a && data[at - 3] == 0x0d:
                return at + 1
            case 0x0a, 0x0d: at += 1
            default: at += 4
            }
        }
        return nil
    }

    /// - Parameter name: in lower case.
    private static func begins(_ field: UnsafeRawBufferPointer, with name: StaticString) -> Bool {
        guard field.count >= name.utf8CodeUnitCount else { return false }
        for index in 0..<name.utf8CodeUnitCount {
            let byte = field[index]
            let lower = byte &- 0x41 < 26 ? byte | 0x20 : byte
            if lower != name.utf8Start[index] { return false }
        }
        return true
    }

    private static func number(_ field: UnsafeRawBufferPointer) -> UInt64? {
        var value: UInt64 = 0
        var digits = 0
        for byte in field.dropFirst(15) {
            if byte == 0x20 || byte == 0x09 || byte == 0x0d { continue }
            guard byte &- 0x30 < 10, digits < 18 else { return nil }
            value = value * 10 + UInt64(byte - 0x30)
            digits += 1
        }
        return digits > 0 ? value : nil
    }
}
