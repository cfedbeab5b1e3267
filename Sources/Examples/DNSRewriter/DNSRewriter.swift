internal import ExampleSupport
internal import Pelmeni

/// Answers queries for one name with NXDOMAIN, and puts another address into the A records of
/// another name.
struct DNSRewriter: BeforeForward, BeforeRespond {
    /// A name that does not exist for clients, in lower case without its last dot.
    let blocked: String
    /// A name that gets another address.
    let rewritten: String
    /// That address.
    let address: [UInt8]

    func beforeForward(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        let query = DNSReader(bytes: data.array)
        guard query.isQuery, let question = query.question, question.name == blocked else {
            return .forward
        }
        return .reply(try Self.noSuchName(query, question.end))
    }

    func beforeRespond(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        for index in DNSReader(bytes: data.array).addresses(of: rewritten) {
            try data.replaceSubrange(index..<index + 4, with: address)
        }
        return .forward
    }

    /// The query's header and question as a response: recursion available, response code 3.
    private static func noSuchName(_ query: DNSReader, _ end: Int) throws -> Buffer {
        var response = Array(query.bytes[..<end])
        response[2] = response[2] & 0x79 | 0x80
        response[3] = 0x83
        for index in 6..<DNSReader.headerBytes { response[index] = 0 }
        return try Buffer(response)
    }
}

/// A DNS server in front of a resolver.
func dnsRewriter(listen: HostPort, upstream: HostPort, _ rules: DNSRewriter) -> UDPServer {
    UDPServer(
        UDPClient(upstream.host, port: upstream.port), listen: listen.host, port: listen.port,
        options: .dns
    )
    .hook { rules }
}
