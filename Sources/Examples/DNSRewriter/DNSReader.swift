/// Reads the parts of a DNS message (RFC 1035, 4.1). A part that leaves the bytes is nil.
struct DNSReader {
    static let headerBytes = 12
    private static let typeA = 1
    private static let classInternet = 1
    /// Bytes of a type, a class, a time to live and a length.
    private static let recordBytes = 10
    private static let nameBytesMax = 255

    /// The bytes of the message.
    let bytes: [UInt8]

    /// Whether the message asks one question.
    var isQuery: Bool {
        bytes.count >= Self.headerBytes && bytes[2] & 0x80 == 0 && number(at: 4) == 1
    }

    /// The name of the first question, in lower case, and the index behind the question.
    var question: (name: String, end: Int)? {
        guard let name = name(at: Self.headerBytes), name.end + 4 <= bytes.count else {
            return nil
        }
        return (name.text, name.end + 4)
    }

    /// The indices of the IPv4 addresses that the answers have for a name.
    func addresses(of wanted: String) -> [Int] {
        guard let questions = number(at: 4), let answers = number(at: 6) else { return [] }
        var found: [Int] = []
        var at = Self.headerBytes
        for _ in 0..<questions {
            guard let name = name(at: at) else { return found }
            at = name.end + 4
        }
        for _ in 0..<answers {
            guard let name = name(at: at), let type = number(at: name.end),
                let netClass = number(at: name.end + 2), let length = number(at: name.end + 8)
            else { return found }
            let data = name.end + Self.recordBytes
            guard data + length <= bytes.count else { return found }
            if type == Self.typeA, netClass == Self.classInternet, length == 4,
                name.text == wanted
            {
                found.append(data)
            }
            at = data + length
        }
        return found
    }

    private func number(at index: Int) -> Int? {
        guard index + 2 <= bytes.count else { return nil }
        return Int(bytes[index]) << 8 | Int(bytes[index + 1])
    }

    /// A name without its last dot, and the index behind it. A pointer leads to an earlier name, so
    /// that a loop of pointers is none.
    private func name(at start: Int) -> (text: String, end: Int)? {
        var text: [UInt8] = []
        var at = start
        var end: Int?
        var earliest = start
        while at < bytes.count, text.count <= Self.nameBytesMax {
            let length = Int(bytes[at])
            if length == 0 {
                return (String(decoding: text, as: UTF8.self), end ?? at + 1)
            }
            if length >= 0xc0 {
                guard let pointer = number(at: at).map({ $0 & 0x3fff }), pointer < earliest else {
                    return nil
                }
                end = end ?? at + 2
                earliest = pointer
                at = pointer
                continue
            }
            guard length < 0x40, at + length < bytes.count else { return nil }
            if !text.isEmpty { text.append(UInt8(ascii: ".")) }
            for byte in bytes[at + 1...at + length] {
                text.append(0x41...0x5a ~= byte ? byte + 0x20 : byte)
            }
            at += length + 1
        }
        return nil
    }
}
