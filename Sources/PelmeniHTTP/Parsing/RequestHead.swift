/// The methods that a proxy treats unlike others.
enum MethodKind: UInt8, Sendable {
    case other, get, head, options, trace, connect, post

    /// RFC 9110, 9.2.2: sent again when a kept connection turns out to be closed. Other methods are
    /// idempotent too, but have bodies.
    var mayRepeat: Bool {
        switch self {
        case .get, .head, .options, .trace: true
        case .other, .connect, .post: false
        }
    }

    /// - Parameter name: of the method, whose case counts.
    init(_ octets: Octets, _ name: Range<Int>) {
        var word: UInt64 = 0
        guard name.count <= 8 else {
            self = .other
            return
        }
        for index in name { word = word &<< 8 | UInt64(octets[index]) }
        switch word {
        case 0x47_4554: self = .get
        case 0x4845_4144: self = .head
        case 0x504f_5354: self = .post
        case 0x5452_4143_45: self = .trace
        case 0x4f50_5449_4f4e_53: self = .options
        case 0x434f_4e4e_4543_54: self = .connect
        default: self = .other
        }
    }
}

/// A request's head: places in the bytes that it came in, and what they say.
struct RequestHead: Sendable {
    static let methodBytesMax = 32

    var method = 0..<0
    var target = 0..<0
    var kind = MethodKind.other
    /// HTTP/1.0.
    var isOldVersion = false
    /// The target is absolute: the part behind the authority goes on.
    var isAbsolute = false
    /// There is a Host, rather than an authority in the target alone.
    var hasHostLine = false
    /// The first field's line.
    var fieldsStart = 0
    /// Behind the empty line.
    var end = 0
    var facts = FieldFacts()
    var body = BodyLength.none

    /// RFC 9110, 7.6.2: TRACE and OPTIONS count proxies.
    var countsForwards: Bool {
        facts.marks.contains(.maxForwards) && (kind == .trace || kind == .options)
    }

    /// The client wants to switch to a protocol that is allowed.
    var asksUpgrade: Bool {
        facts.marks.isSuperset(of: [.upgrade, .websocket]) && kind == .get && !isOldVersion
            && body == .none
    }

    /// The client's connection stays open behind the response.
    var keepsConnection: Bool {
        guard !facts.marks.contains(.close) else { return false }
        return !isOldVersion || facts.marks.contains(.keepAlive)
    }

    /// Nil while the head is not complete.
    ///
    /// - Parameters:
    ///   - octets: all that came of the connection and was not taken.
    ///   - limits: usable ones.
    /// - Throws: the refusal, which is the same however the bytes were cut.
    static func read(
        _ octets: Octets, _ limits: HTTPLimits
    ) throws(HTTPRefusal) -> RequestHead? {
        // What is beyond a limit is not looked at: else the cut would decide.
        let bounded = Octets(octets.start, count: min(octets.count, limits.headBytes))
        var head = RequestHead()
        if try head.readLine(bounded, limits), try head.readFields(bounded, limits) { return head }
        guard octets.count < limits.headBytes else { throw .headTooLong }
        return nil
    }

    // MARK: The first line

    private mutating func readLine(
        _ head: Octets, _ limits: HTTPLimits
    ) throws(HTTPRefusal) -> Bool {
        // RFC 9112, 2.2: an empty line before a request comes from clients of old.
        var at = 0
        if head.count > 0, head[0] == 0x0d {
            guard head.count > 1 else { return false }
            guard head[1] == 0x0a else { throw .bareCarriageReturn }
            at = 2
        }
        let octets = Octets(head.start, count: min(head.count, at + limits.requestLineBytes))
        guard try readLine(octets, from: at) else {
            guard octets.count < at + limits.requestLineBytes else { throw .targetTooLong }
            return false
        }
        return true
    }

    private mutating func readLine(_ octets: Octets, from at: Int) throws(HTTPRefusal) -> Bool {
        let methodEnd = octets.endOfToken(from: at)
        method = at..<methodEnd
        guard method.count <= Self.methodBytesMax else { throw .method }
        guard methodEnd < octets.count else { return false }
        guard !method.isEmpty, octets[methodEnd] == 0x20 else {
            throw method.isEmpty ? .method : .requestLine
        }
        let targetStart = methodEnd &+ 1
        var targetEnd = targetStart
        while targetEnd < octets.count, Self.isOfTarget(octets[targetEnd]) { targetEnd &+= 1 }
        target = targetStart..<targetEnd
        guard targetEnd < octets.count else { return false }
        guard !target.isEmpty, octets[targetEnd] == 0x20 else {
            throw octets[targetEnd] == 0x0d && !target.isEmpty ? .requestLine : .target
        }
        kind = MethodKind(octets, method)
        return try readVersion(octets, from: targetEnd &+ 1)
    }

    /// More bytes than RFC 3986 has: browsers send brackets, braces and bars in queries.
    @inline(__always)
    static func isOfTarget(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7f && byte != 0x23
    }

    /// `HTTP/1.x`, and the line's end.
    private mutating func readVersion(_ octets: Octets, from at: Int) throws(HTTPRefusal) -> Bool {
        let name: StaticString = "HTTP/"
        for index in 0..<5 {
            guard at &+ index < octets.count else { return false }
            guard octets[at &+ index] == name.utf8Start[index] else { throw .requestLine }
        }
        guard at &+ 9 < octets.count else { return false }
        let (major, point, minor) = (octets[at &+ 5], octets[at &+ 6], octets[at &+ 7])
        guard Octets.isDigit(major), point == 0x2e, Octets.isDigit(minor) else {
            throw .requestLine
        }
        guard octets[at &+ 8] == 0x0d else {
            throw octets[at &+ 8] == 0x0a ? .bareLineFeed : .requestLine
        }
        guard octets[at &+ 9] == 0x0a else { throw .bareCarriageReturn }
        guard major == 0x31 else { throw .version }
        isOldVersion = minor == 0x30
        fieldsStart = at &+ 10
        return true
    }

    // MARK: The fields

    private mutating func readFields(
        _ octets: Octets, _ limits: HTTPLimits
    ) throws(HTTPRefusal) -> Bool {
        var parser = FieldParser(
            octets, at: fieldsStart, fieldsMax: limits.fields, forgives: false)
        guard try parser.read(into: &facts) else { return false }
        end = parser.at
        body = try BodyLength.ofRequest(facts, isOldVersion: isOldVersion)
        hasHostLine = facts.marks.contains(.host)
        try checkHost(octets)
        try checkTarget(octets)
        if asksUpgrade { facts.keepUpgrade() }
        if countsForwards { facts.dropped.insert(facts.maxForwardsLine) }
        if facts.marks.contains(.namesOthers) {
            FieldParser.dropNamed(octets, from: fieldsStart, &facts)
        }
        return true
    }

    /// RFC 9112, 3.2.
    private func checkHost(_ octets: Octets) throws(HTTPRefusal) {
        guard facts.marks.contains(.host) else {
            guard isOldVersion else { throw .hostMissing }
            return
        }
        guard Authority.isValid(octets, facts.host) else { throw .hostInvalid }
    }

    /// RFC 9112, 3.2: the four forms of a target.
    private mutating func checkTarget(_ octets: Octets) throws(HTTPRefusal) {
        guard kind != .connect else { throw .connect }
        switch octets[target.lowerBound] {
        case 0x2f: return
        case 0x2a where target.count == 1 && kind == .options: return
        default: break
        }
        let scheme = target.prefix(7)
        guard octets.equals(scheme.startIndex..<scheme.endIndex, "http://") else { throw .target }
        var end = target.lowerBound &+ 7
        while end < target.upperBound, octets[end] != 0x2f, octets[end] != 0x3f { end &+= 1 }
        let authority = target.lowerBound &+ 7..<end
        guard Authority.isValid(octets, authority) else { throw .target }
        guard !facts.marks.contains(.host) || octets.equals(authority, octets, facts.host) else {
            throw .hostDiffers
        }
        if !facts.marks.contains(.host) {
            facts.host = authority
            facts.marks.insert(.host)
        }
        isAbsolute = true
        target = end..<target.upperBound
    }
}

/// A host and a port, RFC 3986, 3.2 without user information.
enum Authority {
    /// Whether a text is a name, an IPv4 or an IPv6 address in brackets, and a port or none.
    static func isValid(_ octets: Octets, _ text: Range<Int>) -> Bool {
        guard var at = text.first else { return false }
        if octets[at] == 0x5b {
            at &+= 1
            let first = at
            while at < text.upperBound, isOfAddress(octets[at]) { at &+= 1 }
            guard at > first, at < text.upperBound, octets[at] == 0x5d else { return false }
            at &+= 1
        } else {
            let first = at
            while at < text.upperBound, isOfName(octets[at]) {
                guard octets[at] != 0x25 || isEscape(octets, at, text.upperBound) else {
                    return false
                }
                at &+= 1
            }
            guard at > first else { return false }
        }
        guard at < text.upperBound else { return true }
        guard octets[at] == 0x3a else { return false }
        at &+= 1
        guard text.upperBound &- at <= 5 else { return false }
        while at < text.upperBound, Octets.isDigit(octets[at]) { at &+= 1 }
        return at == text.upperBound
    }

    /// Letters, digits, - . _ ~, percent signs and the delimiters that names may have.
    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        case 0x2d, 0x2e, 0x5f, 0x7e, 0x25, 0x21, 0x24, 0x26...0x2c, 0x3b, 0x3d: true
        default: false
        }
    }

    private static func isEscape(_ octets: Octets, _ at: Int, _ end: Int) -> Bool {
        at &+ 2 < end && Octets.hexadecimal(octets[at &+ 1]) != nil
            && Octets.hexadecimal(octets[at &+ 2]) != nil
    }

    private static func isOfAddress(_ byte: UInt8) -> Bool {
        Octets.hexadecimal(byte) != nil || byte == 0x3a || byte == 0x2e || isOfName(byte)
    }
}
