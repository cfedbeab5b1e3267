/// The fields of a head, in order. A field that no hook changes goes on byte for byte.
///
/// Names are compared without regard to case. A field that a hook sets stands behind the client's.
///
/// The engine frames messages: Content-Length, Transfer-Encoding, the fields of one connection
/// (Connection, Keep-Alive, Proxy-Connection, TE, Upgrade, HTTP2-Settings), Expect, and the fields
/// of `HTTPServer.forwarding` but `Via` are not set by a hook, and are not removed.
public struct HTTPFields: Sendable {
    /// The head that came: its lines of fields are valid, and an empty line is behind them.
    private var base: [UInt8] = []
    private var first = 0
    /// Lines of the base that were removed.
    private var removed = LineSet()
    /// Lines that were added, each with its end.
    private var added: [UInt8] = []
    /// The first field that was refused.
    private(set) var refused: HTTPFieldError?

    /// No fields.
    public init() {}

    init(_ base: [UInt8], from first: Int) {
        self.base = base
        self.first = first
    }

    // MARK: Reading

    /// The value of the first field of a name; nil where there is none. Setting it replaces all
    /// fields of the name; nil removes them.
    ///
    /// A name or a value that no field may have, or one of a field that is the engine's, makes the
    /// message fail behind the hook: see ``HTTPFieldError``.
    public subscript(_ name: String) -> String? {
        get {
            var value: String?
            visit { octets, line, _ in
                guard octets.equals(line.name, ignoringCaseOf: name) else { return true }
                value = octets.text(line.value)
                return false
            }
            return value
        }
        set {
            guard let newValue else { return remove(name) }
            do throws(HTTPFieldError) {
                try set(name, newValue)
            } catch {
                if refused == nil { refused = error }
            }
        }
    }

    /// The values of all fields of a name, in order.
    public func values(of name: String) -> [String] {
        var values: [String] = []
        visit { octets, line, _ in
            if octets.equals(line.name, ignoringCaseOf: name) {
                values.append(octets.text(line.value))
            }
            return true
        }
        return values
    }

    /// Whether there is a field of a name.
    public func contains(_ name: String) -> Bool { self[name] != nil }

    /// Calls a function with each present line, and with its number where it came in the head.
    private func visit(_ body: (Octets, FieldLines.Line, Int?) -> Bool) {
        let goesOn = base.withOctets { octets in
            var lines = FieldLines(octets, at: first)
            var number = 0
            while let line = lines.next() {
                if !removed.contains(number), !body(octets, line, number) { return false }
                number += 1
            }
            return true
        }
        guard goesOn else { return }
        added.withOctets { octets in
            var lines = FieldLines(octets, at: 0)
            while let line = lines.next() {
                guard body(octets, line, nil) else { return }
            }
        }
    }

    // MARK: Changing

    /// Replaces all fields of a name by one.
    ///
    /// - Throws: for a name or value that no field may have, and for a field of the engine's.
    public mutating func set(_ name: String, _ value: String) throws(HTTPFieldError) {
        try HTTPFieldError.check(name, value)
        remove(name)
        append(name, value)
    }

    /// Adds a field behind all others. Fields of the same name stay.
    ///
    /// - Throws: for a name or value that no field may have, and for a field of the engine's.
    public mutating func add(_ name: String, _ value: String) throws(HTTPFieldError) {
        try HTTPFieldError.check(name, value)
        append(name, value)
    }

    /// Removes all fields of a name. Those of the engine stay.
    public mutating func remove(_ name: String) {
        guard !HTTPFieldError.isOfEngine(name) else { return }
        drop(name)
    }

    private mutating func append(_ name: String, _ value: String) {
        added.reserveCapacity(added.count + name.utf8.count + value.utf8.count + 4)
        added.append(contentsOf: name.utf8)
        added.append(0x3a)
        added.append(0x20)
        added.append(contentsOf: value.utf8)
        added.append(0x0d)
        added.append(0x0a)
    }

    private mutating func drop(_ name: String) {
        var numbers: [Int] = []
        var isAdded = false
        visit { octets, line, number in
            guard octets.equals(line.name, ignoringCaseOf: name) else { return true }
            if let number {
                numbers.append(number)
            } else {
                isAdded = true
            }
            return true
        }
        for number in numbers { removed.insert(number) }
        guard isAdded else { return }
        added = added.withOctets { octets in
            var kept: [UInt8] = []
            var lines = FieldLines(octets, at: 0)
            while let line = lines.next() {
                guard !octets.equals(line.name, ignoringCaseOf: name) else { continue }
                kept.append(contentsOf: octets[line.name.lowerBound..<line.end])
            }
            return kept
        }
    }

    // MARK: Framing

    /// Takes the fields away that frame a body.
    mutating func dropFraming() {
        drop("Content-Length")
        drop("Transfer-Encoding")
    }

    /// The engine has answered the expectation.
    mutating func dropExpectation() { drop("Expect") }

    /// Sets a field of the engine's.
    mutating func frame(_ name: String, _ value: String) { append(name, value) }

    /// Writes all lines behind bytes, and the empty one.
    func write(to bytes: inout [UInt8]) {
        base.withOctets { octets in
            var lines = FieldLines(octets, at: first)
            var number = 0
            while let line = lines.next() {
                if !removed.contains(number) {
                    bytes.append(contentsOf: octets[line.name.lowerBound..<line.end])
                }
                number += 1
            }
        }
        bytes.append(contentsOf: added)
        bytes.append(0x0d)
        bytes.append(0x0a)
    }
}

extension HTTPFields: Sequence {
    /// A field: its name as it was spelt, and its value without the spaces at its ends.
    public typealias Element = (name: String, value: String)

    /// All fields in order.
    public func makeIterator() -> some IteratorProtocol<Element> {
        var fields: [Element] = []
        visit { octets, line, _ in
            fields.append((octets.text(line.name), octets.text(line.value)))
            return true
        }
        return fields.makeIterator()
    }
}

/// A field that a hook may not set. A request with one is answered with 500, and so is a response.
public struct HTTPFieldError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Why a field is refused.
    public enum Reason: Sendable {
        /// The name is no token, RFC 9110, 5.6.2.
        case name
        /// The value has CR, LF, NUL or another control byte.
        case value
        /// The engine sets the field.
        case ofEngine
    }

    /// The field's name, as it was given.
    public let name: String
    /// What is wrong with it.
    public let reason: Reason

    /// A sentence with the field's name.
    public var description: String {
        switch reason {
        case .name: "the name of the field \(name.debugDescription) is no token"
        case .value: "the value of the field \(name) has a control byte"
        case .ofEngine: "the field \(name) is set by the engine"
        }
    }

    static func check(_ name: String, _ value: String) throws(HTTPFieldError) {
        guard !name.isEmpty, name.utf8.allSatisfy(Octets.isToken) else {
            throw HTTPFieldError(name: name, reason: .name)
        }
        guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
            throw HTTPFieldError(name: name, reason: .value)
        }
        guard !isOfEngine(name) else { throw HTTPFieldError(name: name, reason: .ofEngine) }
    }

    static func isOfEngine(_ name: String) -> Bool {
        var name = name
        return name.withUTF8 { bytes in
            guard let start = bytes.baseAddress, !bytes.isEmpty else { return false }
            let octets = Octets(start, count: bytes.count)
            return KnownField(octets, 0..<bytes.count).isOfEngine
        }
    }
}

extension KnownField {
    /// Whether the engine alone sets the field.
    var isOfEngine: Bool {
        switch self {
        case .other, .via, .trailer, .host, .maxForwards: false
        default: true
        }
    }
}

extension Octets {
    /// A range as text; bytes that are no UTF-8 are repaired.
    func text(_ range: Range<Int>) -> String { String(decoding: self[range], as: UTF8.self) }

    /// Whether a range is a text but for the case of letters.
    func equals(_ range: Range<Int>, ignoringCaseOf text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            guard bytes.count == range.count else { return false }
            guard let other = bytes.baseAddress else { return true }
            return equals(range, Octets(other, count: bytes.count), 0..<bytes.count)
        }
    }
}

extension [UInt8] {
    /// Calls a function with the bytes as octets.
    func withOctets<Result, Failure: Error>(
        _ body: (Octets) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withUnsafeBufferPointer { (bytes) throws(Failure) -> Result in
            guard let start = bytes.baseAddress else {
                var none: UInt8 = 0
                return try body(Octets(&none, count: 0))
            }
            return try body(Octets(start, count: bytes.count))
        }
    }
}
