/// Lines of fields, a bit each, counted from the head's first field.
struct LineSet: Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    var isEmpty: Bool { words.0 | words.1 | words.2 | words.3 == 0 }

    mutating func insert(_ line: Int) { set(line, true) }

    mutating func remove(_ line: Int) { set(line, false) }

    private mutating func set(_ line: Int, _ isIn: Bool) {
        let bit = 1 as UInt64 &<< UInt64(truncatingIfNeeded: line & 63)
        switch line &>> 6 {
        case 0: words.0 = isIn ? words.0 | bit : words.0 & ~bit
        case 1: words.1 = isIn ? words.1 | bit : words.1 & ~bit
        case 2: words.2 = isIn ? words.2 | bit : words.2 & ~bit
        default: words.3 = isIn ? words.3 | bit : words.3 & ~bit
        }
    }

    func contains(_ line: Int) -> Bool {
        let word =
            switch line &>> 6 {
            case 0: words.0
            case 1: words.1
            case 2: words.2
            default: words.3
            }
        return word &>> UInt64(truncatingIfNeeded: line & 63) & 1 == 1
    }
}

/// The fields that a proxy has to know.
enum KnownField: UInt8 {
    case other
    case connection, keepAlive, proxyConnection, te, upgrade, http2Settings
    case contentLength, transferEncoding
    case host, expect, maxForwards
    case via, trailer, forwarded, forwardedFor, forwardedProto, forwardedHost

    /// - Parameter name: of the field, in any case.
    init(_ octets: Octets, _ name: Range<Int>) {
        self = .other
        let first = Octets.small(octets[name.lowerBound])
        switch name.count {
        case 2 where first == 0x74: match(.te, "te", octets, name)
        case 3 where first == 0x76: match(.via, "via", octets, name)
        case 4 where first == 0x68: match(.host, "host", octets, name)
        case 6 where first == 0x65: match(.expect, "expect", octets, name)
        case 7 where first == 0x75: match(.upgrade, "upgrade", octets, name)
        case 7 where first == 0x74: match(.trailer, "trailer", octets, name)
        case 9 where first == 0x66: match(.forwarded, "forwarded", octets, name)
        case 10 where first == 0x63: match(.connection, "connection", octets, name)
        case 10 where first == 0x6b: match(.keepAlive, "keep-alive", octets, name)
        case 12 where first == 0x6d: match(.maxForwards, "max-forwards", octets, name)
        case 14 where first == 0x63: match(.contentLength, "content-length", octets, name)
        case 14 where first == 0x68: match(.http2Settings, "http2-settings", octets, name)
        case 15 where first == 0x78: match(.forwardedFor, "x-forwarded-for", octets, name)
        case 16 where first == 0x70: match(.proxyConnection, "proxy-connection", octets, name)
        case 16 where first == 0x78: match(.forwardedHost, "x-forwarded-host", octets, name)
        case 17 where first == 0x74: match(.transferEncoding, "transfer-encoding", octets, name)
        case 17 where first == 0x78: match(.forwardedProto, "x-forwarded-proto", octets, name)
        default: break
        }
    }

    private mutating func match(
        _ field: KnownField, _ text: StaticString, _ octets: Octets, _ name: Range<Int>
    ) {
        if octets.equals(name, text) { self = field }
    }

    /// Whether a Connection field that names it has no effect: framing and routing are the proxy's.
    var isProtected: Bool {
        switch self {
        case .host, .contentLength, .transferEncoding, .via, .expect, .maxForwards: true
        default: false
        }
    }
}

/// What the fields of a head say, as far as a proxy has to know.
struct FieldFacts: Sendable {
    /// The transfer codings of a message.
    enum Coding: UInt8, Sendable {
        case chunked, several, notLast, unknown
    }

    struct Marks: OptionSet, Sendable {
        let rawValue: UInt16

        static let close = Marks(rawValue: 1 << 0)
        static let keepAlive = Marks(rawValue: 1 << 1)
        static let upgrade = Marks(rawValue: 1 << 2)
        /// A Connection field names another field.
        static let namesOthers = Marks(rawValue: 1 << 3)
        static let length = Marks(rawValue: 1 << 4)
        static let coding = Marks(rawValue: 1 << 5)
        static let host = Marks(rawValue: 1 << 6)
        static let takesTrailers = Marks(rawValue: 1 << 7)
        static let websocket = Marks(rawValue: 1 << 8)
        static let expects = Marks(rawValue: 1 << 9)
        static let maxForwards = Marks(rawValue: 1 << 10)
        /// One line asks for it, and for nothing else.
        static let plainUpgrade = Marks(rawValue: 1 << 12)
        /// A line has something that a response is forgiven: see ``HeadRepair``.
        static let needsRepair = Marks(rawValue: 1 << 11)
    }

    var marks: Marks = []
    /// Lines of fields.
    var count = 0
    /// Lines that the proxy does not forward.
    var dropped = LineSet()
    var length: UInt64 = 0
    /// Of Transfer-Encoding, where there is one.
    var coding = Coding.chunked
    var host = 0..<0
    /// The line of Max-Forwards, and its number; 0 for one that is no number.
    var maxForwardsLine = 0
    var upgradeLine = 0
    var maxForwards: UInt64 = 0
    /// Tokens of Connection fields that are names of other fields.
    var named = 0

    /// Names of fields in Connection, at most.
    static let namedMax = 64

    // MARK: Taking lines

    /// Takes a field. Names and values are valid text by now.
    mutating func take(
        _ octets: Octets, name: Range<Int>, value: Range<Int>
    ) throws(HTTPRefusal) {
        let line = count
        count &+= 1
        let field = KnownField(octets, name)
        switch field {
        case .other, .via, .trailer: break
        case .connection:
            dropped.insert(line)
            try takeConnection(octets, value)
        case .keepAlive, .proxyConnection, .http2Settings, .forwarded, .forwardedFor,
            .forwardedProto, .forwardedHost:
            dropped.insert(line)
        case .te:
            dropped.insert(line)
            if Self.lists(octets, value, "trailers") { marks.insert(.takesTrailers) }
        case .upgrade: takeUpgrade(octets, value, line)
        case .contentLength: try takeLength(octets, value)
        case .transferEncoding:
            dropped.insert(line)
            takeCoding(octets, value)
        case .host:
            guard !marks.contains(.host) else { throw .hostTwice }
            marks.insert(.host)
            host = value
        case .expect: marks.insert(.expects)
        case .maxForwards:
            guard !marks.contains(.maxForwards), let number = octets.number(value) else { break }
            marks.insert(.maxForwards)
            maxForwards = number
            maxForwardsLine = line
        }
    }

    /// Takes a trailer. RFC 9110, 6.5.1: a trailer frames and routes no message.
    mutating func takeTrailer(_ octets: Octets, name: Range<Int>) {
        if KnownField(octets, name) != .other { dropped.insert(count) }
        count &+= 1
    }

    /// RFC 9112, 6.3 allows a list of equal numbers; the proxy refuses it.
    private mutating func takeLength(
        _ octets: Octets, _ value: Range<Int>
    ) throws(HTTPRefusal) {
        guard !marks.contains(.length) else { throw .lengthTwice }
        guard let number = octets.number(value) else { throw .lengthInvalid }
        marks.insert(.length)
        length = number
    }

    /// A line that asks for what is allowed, and for nothing else, goes on where it stands.
    private mutating func takeUpgrade(_ octets: Octets, _ value: Range<Int>, _ line: Int) {
        dropped.insert(line)
        guard Self.lists(octets, value, "websocket") else { return }
        if octets.equals(value, "websocket"), !marks.contains(.websocket) {
            marks.insert(.plainUpgrade)
            upgradeLine = line
        } else {
            marks.remove(.plainUpgrade)
        }
        marks.insert(.websocket)
    }

    /// The protocol is switched, or is to be.
    mutating func keepUpgrade() {
        if marks.contains(.plainUpgrade) { dropped.remove(upgradeLine) }
    }

    /// RFC 9112, 7: of all codings, only chunked alone is known here.
    private mutating func takeCoding(_ octets: Octets, _ value: Range<Int>) {
        guard !marks.contains(.coding) else {
            coding = .several
            return
        }
        marks.insert(.coding)
        guard !octets.equals(value, "chunked") else { return }
        var elements = ListElements(octets, value)
        var chunked = 0
        var last = value.lowerBound..<value.lowerBound
        while let element = elements.next() {
            last = element
            if octets.equals(element, "chunked") { chunked &+= 1 }
        }
        let isLast = octets.equals(last, "chunked")
        coding = chunked > 1 ? .several : chunked == 1 && !isLast ? .notLast : .unknown
    }

    private mutating func takeConnection(
        _ octets: Octets, _ value: Range<Int>
    ) throws(HTTPRefusal) {
        var elements = ListElements(octets, value)
        while let element = elements.next() {
            if octets.equals(element, "close") {
                marks.insert(.close)
            } else if octets.equals(element, "keep-alive") {
                marks.insert(.keepAlive)
            } else if octets.equals(element, "upgrade") {
                marks.insert(.upgrade)
            } else if !octets.equals(element, "te") {
                marks.insert(.namesOthers)
                named &+= 1
                guard named <= Self.namedMax else { throw .fieldsTooMany }
            }
        }
    }

    // MARK: Lists

    private static func lists(
        _ octets: Octets, _ value: Range<Int>, _ text: StaticString
    ) -> Bool {
        var elements = ListElements(octets, value)
        while let element = elements.next() {
            if octets.equals(element, text) { return true }
        }
        return false
    }
}

/// The elements of a list, RFC 9110, 5.6.1: between commas, without spaces, empty ones left out. A
/// parameter behind a semicolon belongs to its element.
struct ListElements {
    private let octets: Octets
    private let end: Int
    private var at: Int

    init(_ octets: Octets, _ value: Range<Int>) {
        self.octets = octets
        at = value.lowerBound
        end = value.upperBound
    }

    mutating func next() -> Range<Int>? {
        while at < end {
            let first = at
            while at < end, octets[at] != 0x2c { at &+= 1 }
            let element = octets.trimmed(first..<at)
            at &+= 1
            if !element.isEmpty { return element }
        }
        return nil
    }
}
