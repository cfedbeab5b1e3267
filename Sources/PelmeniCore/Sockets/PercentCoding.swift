/// The `%41` form of bytes with another meaning in a URL.
package enum PercentCoding {
    /// - Returns: nil when two hexadecimal digits do not follow a `%`, or the result is not UTF-8.
    package static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit),
                let low = rest.popFirst().flatMap(digit)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// A path for a URL: bytes that would end the path, split the list or be invisible are escaped.
    package static func encoded(path: String) -> String {
        encoded(path) { byte in
            switch byte {
            case UInt8(ascii: "%"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: ","),
                0...0x20, 0x7f...:
                false
            default: true
            }
        }
    }

    /// A name for the host of a URL: all but RFC 3986's unreserved bytes are escaped.
    package static func encoded(name: String) -> String { encoded(name, keeps: isUnreserved) }

    package static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func encoded(_ text: String, keeps: (UInt8) -> Bool) -> String {
        var result = ""
        for byte in text.utf8 {
            guard !keeps(byte) else {
                result.unicodeScalars.append(Unicode.Scalar(byte))
                continue
            }
            let digits = String(byte, radix: 16, uppercase: true)
            result += "%" + (digits.count == 1 ? "0" : "") + digits
        }
        return result
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
