/// Writes the head of a request for the upstream.
struct RequestWriter {
    /// What is added to each request of a session.
    struct Additions {
        /// The client's address, in digits; empty for a Unix client.
        var client: ClientText
        /// The Host of a request that has none.
        var authority: StaticText
        var forwarding: HTTPForwarding
    }

    static func room(_ head: RequestHead, _ additions: Additions) -> Int {
        head.end + 2 * head.facts.host.count + 2 * additions.authority.count + HeadRoom.own
    }

    static func write(
        _ head: RequestHead, _ octets: Octets, _ additions: Additions,
        into memory: UnsafeMutableRawBufferPointer
    ) -> Int {
        var writer = HeadWriter(memory)
        writer.write(octets, head.method.lowerBound..<head.method.upperBound &+ 1)
        writeTarget(head, octets, &writer)
        writer.write(" HTTP/1.1\r\n")
        if !head.hasHostLine {
            writer.write("Host: ")
            writeHost(head, octets, additions, &writer)
            writer.write("\r\n")
        }
        writer.writeFields(
            octets, from: head.fieldsStart, to: head.end &- 2, head.facts)
        writeAdditions(head, octets, additions, &writer)
        return writer.count
    }

    private static func writeTarget(
        _ head: RequestHead, _ octets: Octets, _ writer: inout HeadWriter
    ) {
        if head.isAbsolute, head.target.isEmpty {
            // RFC 9112, 3.2.4: OPTIONS without a path is one for the server as a whole.
            return writer.write(head.kind == .options ? "*" : "/")
        }
        if head.isAbsolute, octets[head.target.lowerBound] == 0x3f { writer.write("/") }
        writer.write(octets, head.target)
    }

    private static func writeHost(
        _ head: RequestHead, _ octets: Octets, _ additions: Additions, _ writer: inout HeadWriter
    ) {
        guard head.facts.marks.contains(.host) else { return additions.authority.write(&writer) }
        writer.write(octets, head.facts.host)
    }

    private static func writeAdditions(
        _ head: RequestHead, _ octets: Octets, _ additions: Additions, _ writer: inout HeadWriter
    ) {
        let marks = head.facts.marks
        if head.body == .chunked { writer.write("Transfer-Encoding: chunked\r\n") }
        if head.countsForwards, head.facts.maxForwards > 0 {
            writer.write("Max-Forwards: ")
            writer.write(head.facts.maxForwards &- 1)
            writer.write("\r\n")
        }
        if head.asksUpgrade {
            if !marks.contains(.plainUpgrade) { writer.write("Upgrade: websocket\r\n") }
            writer.write("Connection: Upgrade\r\n")
        } else if marks.contains(.takesTrailers) {
            writer.write("TE: trailers\r\nConnection: TE\r\n")
        }
        ForwardingWriter(head: head, octets: octets, additions: additions).write(&writer)
        writer.write("\r\n")
    }
}

/// What the proxy tells the upstream of itself and of its client.
public struct HTTPForwarding: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: UInt8
    /// - Parameter rawValue: the bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `Via`, RFC 9110, 7.6.3.
    public static let via = HTTPForwarding(rawValue: 1 << 0)
    /// `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`.
    public static let xForwarded = HTTPForwarding(rawValue: 1 << 1)
    /// `Forwarded`, RFC 7239.
    public static let forwarded = HTTPForwarding(rawValue: 1 << 2)
}

/// A text that is made once for a driver, and lives as long as the process.
struct StaticText: @unchecked Sendable {
    private let start: UnsafePointer<UInt8>
    let count: Int

    init(_ text: String) {
        let bytes = Array(text.utf8)
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, bytes.count))
        memory.initialize(from: bytes, count: bytes.count)
        start = UnsafePointer(memory)
        count = bytes.count
    }

    func write(_ writer: inout HeadWriter) { writer.write(start, count) }

    var text: String {
        String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }
}
