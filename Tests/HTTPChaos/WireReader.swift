/// Why bytes are no message, or another message than they should be.
struct WireError: Error {
    let text: String

    init(_ text: String) { self.text = text }
}

/// A head as a peer reads it. Names of fields are in lower case.
struct WireHead {
    let first: String
    let fields: [(name: String, value: String)]

    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// The members of a field that is a list.
    func list(_ name: String) -> [String] {
        fields.filter { $0.name == name }.flatMap { field in
            field.value.split(separator: ",").map { member in
                String(member.filter { $0 != " " }).lowercased()
            }
        }
    }

    /// The status of a response.
    func status() throws -> Int {
        let words = first.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count == 3, words[0] == "HTTP/1.1", words[1].count == 3,
            let status = Int(words[1])
        else { throw WireError("a status line \(first)") }
        return status
    }
}

/// Reads messages from a stream, strictly, and without the proxy's own parser.
struct WireReader {
    enum Framing: Equatable {
        case none
        case bytes(Int)
        case chunked, untilEnd
    }

    enum Event {
        case head(WireHead)
        case data(ArraySlice<UInt8>)
        case complete
    }

    private enum Place {
        case head
        case data(Int)
        case chunkLine
        case chunk(Int)
        case chunkEnd, trailers, untilEnd, complete
    }

    private var bytes: [UInt8] = []
    private var at = 0
    private var place = Place.head
    /// Fields may have bytes beyond ASCII.
    var takesHighBytes = false
    private(set) var trailers: [(name: String, value: String)] = []

    /// Between two messages, and without a byte of the next one.
    var isBetween: Bool {
        if case .head = place { return at == bytes.count }
        return false
    }

    var isUntilEnd: Bool {
        if case .untilEnd = place { return true }
        return false
    }

    mutating func feed(_ more: [UInt8]) {
        if at > 1 << 14 || at == bytes.count {
            bytes.removeFirst(at)
            at = 0
        }
        bytes += more
    }

    /// All that no event has had.
    mutating func takeRest() -> ArraySlice<UInt8> {
        defer { at = bytes.count }
        return bytes[at...]
    }

    /// What follows the last head. Without a call the next message does.
    mutating func begin(_ framing: Framing) {
        trailers = []
        place =
            switch framing {
            case .none: .complete
            case .bytes(let count): count == 0 ? .complete : .data(count)
            case .chunked: .chunkLine
            case .untilEnd: .untilEnd
            }
    }

    /// A body up to the end of the stream is over.
    mutating func endBody() { place = .head }

    mutating func next() throws -> Event? {
        while true {
            switch place {
            case .head:
                guard let lines = try lines() else { return nil }
                guard let first = lines.first else { throw WireError("a head without a line") }
                return .head(WireHead(first: first, fields: try fields(lines.dropFirst())))
            case .data(let left):
                guard let part = take(left) else { return nil }
                place = left == part.count ? .complete : .data(left - part.count)
                return .data(part)
            case .chunkLine:
                guard let line = try line() else { return nil }
                guard let size = Int(line, radix: 16) else { throw WireError("a chunk \(line)") }
                place = size == 0 ? .trailers : .chunk(size)
            case .chunk(let left):
                guard let part = take(left) else { return nil }
                place = left == part.count ? .chunkEnd : .chunk(left - part.count)
                return .data(part)
            case .chunkEnd:
                guard let line = try line() else { return nil }
                guard line.isEmpty else { throw WireError("a chunk that goes on: \(line)") }
                place = .chunkLine
            case .trailers:
                guard let line = try line() else { return nil }
                guard line.isEmpty else {
                    trailers += try fields([line])
                    continue
                }
                place = .complete
            case .untilEnd:
                guard let part = take(.max) else { return nil }
                return .data(part)
            case .complete:
                place = .head
                return .complete
            }
        }
    }

    private mutating func take(_ most: Int) -> ArraySlice<UInt8>? {
        let count = min(most, bytes.count - at)
        guard count > 0 else { return nil }
        defer { at += count }
        return bytes[at..<at + count]
    }

    private mutating func line() throws -> String? {
        guard let end = bytes[at...].firstIndex(of: 0x0a) else { return nil }
        guard end > at, bytes[end - 1] == 0x0d else { throw WireError("a line without CRLF") }
        defer { at = end + 1 }
        return try text(bytes[at..<end - 1])
    }

    private func text(_ bytes: ArraySlice<UInt8>) throws -> String {
        let isText = bytes.allSatisfy {
            $0 == 9 || (0x20..<0x7f).contains($0) || (takesHighBytes && $0 >= 0x80)
        }
        guard isText else {
            throw WireError("control bytes in a line: \(Array(bytes.prefix(60)))")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The lines of a whole head.
    private mutating func lines() throws -> [String]? {
        var end = at
        var lines: [String] = []
        while let feed = bytes[end...].firstIndex(of: 0x0a) {
            guard feed > end, bytes[feed - 1] == 0x0d else {
                throw WireError("a line without CRLF")
            }
            let line = bytes[end..<feed - 1]
            end = feed + 1
            guard !line.isEmpty else {
                at = end
                return lines
            }
            lines.append(try text(line))
        }
        return nil
    }

    private func fields(
        _ lines: some Collection<String>
    ) throws -> [(name: String, value: String)] {
        try lines.map { line in
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex,
                !line[..<colon].contains(" ")
            else { throw WireError("a field \(line)") }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            return (line[..<colon].lowercased(), String(value))
        }
    }
}
