/// A response's head: places in the bytes that it came in, and what they say.
struct ResponseHead: Sendable {
    var status = 0
    /// May be empty.
    var reason = 0..<0
    /// HTTP/1.0.
    var isOldVersion = false
    /// The first field's line.
    var fieldsStart = 0
    /// Behind the empty line.
    var end = 0
    var facts = FieldFacts()
    var body = BodyLength.none

    /// 101, to the protocol that was asked for.
    var switches: Bool {
        status == 101 && facts.marks.isSuperset(of: [.upgrade, .websocket])
    }

    /// The upstream's connection may serve another request.
    var keepsConnection: Bool {
        guard !facts.marks.contains(.close), body != .untilEnd else { return false }
        return !isOldVersion || facts.marks.contains(.keepAlive)
    }

    /// 1xx: another response follows.
    var isInterim: Bool { status < 200 }

    /// Nil while the head is not complete.
    ///
    /// - Parameter isToHead: the request was HEAD.
    /// - Throws: the refusal, which is the same however the bytes were cut. A head that needs a
    ///   repair comes without facts: see ``HeadRepair``.
    static func read(
        _ octets: Octets, _ limits: HTTPLimits, isToHead: Bool
    ) throws(HTTPRefusal) -> ResponseHead? {
        let bounded = Octets(octets.start, count: min(octets.count, limits.headBytes))
        var head = ResponseHead()
        if try head.readLine(bounded), try head.readFields(bounded, limits, isToHead: isToHead) {
            return head
        }
        guard octets.count < limits.headBytes else { throw .headTooLong }
        return nil
    }

    /// RFC 9112, 4. The space behind the code is missing where some servers have no reason.
    private mutating func readLine(_ octets: Octets) throws(HTTPRefusal) -> Bool {
        let name: StaticString = "HTTP/1."
        for index in 0..<7 {
            guard index < octets.count else { return false }
            guard octets[index] == name.utf8Start[index] else { throw .statusLine }
        }
        guard octets.count > 12 else { return false }
        guard Octets.isDigit(octets[7]), octets[8] == 0x20, octets[9] != 0x30 else {
            throw .statusLine
        }
        isOldVersion = octets[7] == 0x30
        for index in 9..<12 {
            guard Octets.isDigit(octets[index]) else { throw .statusLine }
            status = status * 10 + Int(octets[index] &- 0x30)
        }
        guard octets[12] == 0x20 || octets[12] == 0x0d else { throw .statusLine }
        let first = octets[12] == 0x20 ? 13 : 12
        var end = octets.endOfText(from: first)
        while end < octets.count, octets[end] == 0x09 { end = octets.endOfText(from: end &+ 1) }
        guard end < octets.count else { return false }
        guard octets[end] == 0x0d else {
            throw octets[end] == 0x0a ? .bareLineFeed : .statusLine
        }
        guard end &+ 1 < octets.count else { return false }
        guard octets[end &+ 1] == 0x0a else { throw .bareCarriageReturn }
        reason = first..<end
        fieldsStart = end &+ 2
        return true
    }

    private mutating func readFields(
        _ octets: Octets, _ limits: HTTPLimits, isToHead: Bool
    ) throws(HTTPRefusal) -> Bool {
        var parser = FieldParser(
            octets, at: fieldsStart, fieldsMax: limits.fields, forgives: true)
        guard try parser.read(into: &facts) else { return false }
        end = parser.at
        guard !facts.marks.contains(.needsRepair) else { return true }
        body = try BodyLength.ofResponse(
            facts, isOldVersion: isOldVersion, status: status, isToHead: isToHead)
        if switches { facts.keepUpgrade() }
        if facts.marks.contains(.namesOthers) {
            FieldParser.dropNamed(octets, from: fieldsStart, &facts)
        }
        return true
    }
}

/// RFC 9112, 5.1 and 5.2: the two faults of a response that a proxy mends. White space before a
/// colon goes, and a folded line becomes one with a space.
enum HeadRepair {
    /// The bytes of a complete head, mended. What is no such fault stays, and is refused next.
    static func repaired(_ octets: Octets, _ head: ResponseHead) -> [UInt8] {
        var bytes = Array(UnsafeBufferPointer(start: octets.start, count: head.fieldsStart))
        var at = head.fieldsStart
        while at < head.end, let feed = octets.lineFeed(from: at) {
            var first = at
            if Octets.isSpace(octets[at]) {
                // The line before has an end.
                bytes.removeLast(2)
                while let last = bytes.last, Octets.isSpace(last) { bytes.removeLast() }
                bytes.append(0x20)
                first = octets.trimmed(at..<feed &+ 1).lowerBound
            } else {
                let nameEnd = octets.endOfToken(from: at)
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: octets[at..<nameEnd]))
                first = nameEnd
                while Octets.isSpace(octets[first]) { first &+= 1 }
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: octets[first..<feed &+ 1]))
            at = feed &+ 1
        }
        return bytes
    }
}

extension Octets {
    /// The bytes of a range.
    subscript(_ range: Range<Int>) -> Slice<UnsafeBufferPointer<UInt8>> {
        UnsafeBufferPointer(start: start, count: count)[range]
    }
}
