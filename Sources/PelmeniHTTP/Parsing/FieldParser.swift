/// Reads the lines of fields of a head, up to the empty one.
struct FieldParser {
    private let octets: Octets
    private let fieldsMax: Int
    /// Whether white space before a colon and folded lines are noted, rather than refused.
    private let forgives: Bool
    /// Trailers: what a proxy has to know is not taken from them.
    private let isBehindBody: Bool
    private(set) var at: Int

    init(
        _ octets: Octets, at: Int, fieldsMax: Int, forgives: Bool, isBehindBody: Bool = false
    ) {
        self.octets = octets
        self.at = at
        self.fieldsMax = fieldsMax
        self.forgives = forgives
        self.isBehindBody = isBehindBody
    }

    /// Reads all lines. False while the empty line has not come; else `at` is behind it.
    mutating func read(into facts: inout FieldFacts) throws(HTTPRefusal) -> Bool {
        while at < octets.count {
            let byte = octets[at]
            guard byte != 0x0d else { return try readEmptyLine() }
            guard !Octets.isSpace(byte) else {
                guard try readFold(&facts) else { return false }
                continue
            }
            guard try readLine(&facts) else { return false }
        }
        return false
    }

    private mutating func readEmptyLine() throws(HTTPRefusal) -> Bool {
        guard at &+ 1 < octets.count else { return false }
        guard octets[at &+ 1] == 0x0a else { throw .bareCarriageReturn }
        at &+= 2
        return true
    }

    private mutating func readLine(_ facts: inout FieldFacts) throws(HTTPRefusal) -> Bool {
        let nameEnd = octets.endOfToken(from: at)
        guard nameEnd < octets.count else { return false }
        guard nameEnd > at else { throw octets[at] == 0x0a ? .bareLineFeed : .fieldName }
        var colon = nameEnd
        if forgives {
            while colon < octets.count, Octets.isSpace(octets[colon]) { colon &+= 1 }
            guard colon < octets.count else { return false }
            if colon > nameEnd { facts.marks.insert(.needsRepair) }
        }
        guard octets[colon] == 0x3a else { throw .fieldName }
        guard let end = try endOfLine(from: colon &+ 1) else { return false }
        guard facts.count < fieldsMax else { throw .fieldsTooMany }
        let value = octets.trimmed(colon &+ 1..<end)
        // A head that is to be repaired is read again.
        if isBehindBody {
            facts.takeTrailer(octets, name: at..<nameEnd)
        } else if !facts.marks.contains(.needsRepair) {
            try facts.take(octets, name: at..<nameEnd, value: value)
        }
        at = end &+ 2
        return true
    }

    /// RFC 9112, 5.2: a line that begins with white space goes on with the one before.
    private mutating func readFold(_ facts: inout FieldFacts) throws(HTTPRefusal) -> Bool {
        guard forgives, facts.count > 0 || facts.marks.contains(.needsRepair) else {
            throw .folding
        }
        guard let end = try endOfLine(from: at) else { return false }
        facts.marks.insert(.needsRepair)
        at = end &+ 2
        return true
    }

    /// The carriage return of the line's end; nil while it has not come.
    private func endOfLine(from index: Int) throws(HTTPRefusal) -> Int? {
        var end = octets.endOfText(from: index)
        while end < octets.count, octets[end] == 0x09 { end = octets.endOfText(from: end &+ 1) }
        guard end < octets.count else { return nil }
        guard octets[end] == 0x0d else {
            throw octets[end] == 0x0a ? .bareLineFeed : .fieldValue
        }
        guard end &+ 1 < octets.count else { return nil }
        guard octets[end &+ 1] == 0x0a else { throw .bareCarriageReturn }
        return end
    }

    // MARK: Names in Connection

    /// Marks the lines that Connection fields name as ones that do not go on.
    static func dropNamed(_ octets: Octets, from first: Int, _ facts: inout FieldFacts) {
        var lines = FieldLines(octets, at: first)
        while let line = lines.next() {
            guard KnownField(octets, line.name) == .connection else { continue }
            var elements = ListElements(octets, line.value)
            while let element = elements.next() { drop(element, octets, first, &facts) }
        }
    }

    private static func drop(
        _ name: Range<Int>, _ octets: Octets, _ first: Int, _ facts: inout FieldFacts
    ) {
        guard !KnownField(octets, name).isProtected else { return }
        var lines = FieldLines(octets, at: first)
        var number = 0
        while let line = lines.next() {
            if octets.equals(line.name, octets, name) { facts.dropped.insert(number) }
            number &+= 1
        }
    }
}

/// The lines of fields of a head that was read: all of them are valid.
struct FieldLines {
    struct Line {
        var name: Range<Int>
        var value: Range<Int>
        /// Behind its line feed.
        var end: Int
    }

    private let octets: Octets
    private var at: Int

    init(_ octets: Octets, at: Int) {
        self.octets = octets
        self.at = at
    }

    /// Nil at the empty line.
    mutating func next() -> Line? {
        guard at < octets.count, octets[at] != 0x0d, let feed = octets.lineFeed(from: at) else {
            return nil
        }
        let nameEnd = octets.endOfToken(from: at)
        defer { at = feed &+ 1 }
        return Line(
            name: at..<nameEnd, value: octets.trimmed(nameEnd &+ 1..<feed &- 1), end: feed &+ 1)
    }
}
