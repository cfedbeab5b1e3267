import TestSupport
import Testing

@testable import Pelmeni
@testable import PelmeniCLI

/// What is printed is taken again, and is one line, whatever names and paths hold.
@Suite("Printed endpoints")
struct EndpointPrintTests {
    /// Bytes with a meaning in a URL, a shell, a list or a terminal, and some of several bytes.
    private static let odd: [Unicode.Scalar] = [
        "?", "#", "%", ",", " ", "\n", "\r", "\t", "\u{1b}", "\u{1}", "\u{7f}", "[", "]", "@", ":",
        "&", "=", "\"", "'", "\\", "$", "+", "~", "2", "5", "a", "Z", "-", ".", "_", "\u{85}",
        "\u{a0}", "é", "\u{2028}", "\u{202e}", "🥟",
    ]

    private static func text(
        _ bytes: ClosedRange<Int>, without: Set<Unicode.Scalar>,
        _ random: inout TestGenerator
    ) -> String {
        let scalars = odd.filter { !without.contains($0) }
        let wanted = Int.random(in: bytes, using: &random)
        var text = ""
        while text.utf8.count < wanted, let scalar = scalars.randomElement(using: &random),
            text.utf8.count + String(scalar).utf8.count <= bytes.upperBound
        {
            text.unicodeScalars.append(scalar)
        }
        return text
    }

    /// A file's path, or an abstract name.
    private static func path(_ random: inout TestGenerator) -> String {
        if Int.random(in: 0..<3, using: &random) == 0 {
            return "@" + text(1...60, without: ["\u{0}"], &random)
        }
        let parts = Int.random(in: 1...4, using: &random)
        return (0..<parts).map { _ in "/" + text(1...24, without: ["\u{0}"], &random) }.joined()
    }

    private static func zone(_ random: inout TestGenerator) -> String {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return String(UInt32.random(in: 1...9_999, using: &random))
        case 1:
            return ["25", "251", "2541", "lo", "eth0", "25gbe0", "4294967295"]
                .randomElement(using: &random) ?? "lo"
        default:
            // A name of the kernel's: 1 to 15 bytes, without white space, slash and colon.
            let without: Set<Unicode.Scalar> = [
                " ", "\n", "\r", "\t", ":", "\u{1b}", "\u{1}", "\u{7f}",
            ]
            return text(1...10, without: without, &random) + "x"
        }
    }

    private static func host(_ random: inout TestGenerator, isListener: Bool) -> String {
        let hosts =
            ["127.0.0.1", "0.0.0.0", "::", "::1", "2001:db8::1", "web", "my_host.example", "a-b."]
            + (isListener ? [""] : [])
        guard Int.random(in: 0..<3, using: &random) > 0 else {
            return "fe80::1%\(zone(&random))"
        }
        return hosts.randomElement(using: &random) ?? "web"
    }

    private static func endpoint(_ random: inout TestGenerator, isListener: Bool) -> Endpoint {
        let port = UInt16.random(in: (isListener ? 0 : 1)...65_535, using: &random)
        let host = host(&random, isListener: isListener)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return .tcp(host: host, port: port)
        case 1: return .udp(host: host, port: port)
        case 2: return .http(host: host, port: port)
        case 3: return .host(host, scheme: "icmp")
        case 4: return .unix(path: path(&random))
        default: return .unixDatagram(path: path(&random))
        }
    }

    private static func isOneWord(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
    }

    @Test("a printed URL is read as the same endpoint, and is one word of ASCII")
    func roundTrip() throws {
        var random = TestGenerator()
        for number in 0..<4_000 {
            let isListener = number.isMultiple(of: 2)
            let endpoint = Self.endpoint(&random, isListener: isListener)
            let note = Comment(rawValue: "\(endpoint.url), seed \(Pattern.processSeed)")
            let read = try EndpointURL(endpoint.url, side: isListener ? .listener : .upstream)
            #expect(read.endpoints == [endpoint], note)
            #expect(Self.isOneWord(endpoint.url), note)
        }
    }

    @Test("a listener's line has two URLs that are read as its pair")
    func listenerLine() throws {
        var random = TestGenerator()
        for _ in 0..<1_000 {
            let listener = Self.endpoint(&random, isListener: true)
            let first = Self.endpoint(&random, isListener: false)
            var upstreams = [first]
            for _ in 0..<Int.random(in: 0..<3, using: &random) {
                let other = Self.endpoint(&random, isListener: false)
                guard other.scheme == first.scheme, !upstreams.contains(other) else { continue }
                upstreams.append(other)
            }
            let line = Listener(endpoint: listener, upstreams: upstreams, workers: nil).description
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            let note = Comment(rawValue: "\(line), seed \(Pattern.processSeed)")
            try #require(words.count == 3, note)
            #expect(words[1] == "->", note)
            #expect(
                try EndpointURL(String(words[0]), side: .listener).endpoints == [listener], note)
            #expect(try EndpointURL(String(words[2]), side: .upstream).endpoints == upstreams, note)
        }
    }

    @Test("a link-local listener keeps its zone as it was given")
    func zoneOfAListener() throws {
        var address = try #require(SocketAddress(numeric: "fe80::7%3", port: 99))
        let given = Endpoint.tcp(host: "fe80::7%eth0", port: 0)
        #expect(given.at(address).url == "tcp://[fe80::7%eth0]:99")
        #expect(Endpoint.tcp(host: "name", port: 0).at(address).url == "tcp://[fe80::7%3]:99")
        #expect(Endpoint.host("fe80::7%3", scheme: "icmp").at(address).url == "icmp://[fe80::7%3]")
        #expect(address.description == "[fe80::7%3]:99")
        address = try #require(SocketAddress(numeric: "::1", port: 99))
        #expect(given.at(address).url == "tcp://[::1]:99")
    }

    @Test("an error of an engine is one line, whatever its subject holds")
    func errors() {
        let path = "/run/a\nlistening tcp://forged:1 -> tcp://b:2\u{1b}[2J\u{2028}.sock"
        let server = UnixServer(TCPClient("a", port: 1), listen: path)
        let endpoint = server.endpoint
        let error = EngineError(
            kind: .failed, side: .listener, subject: path, reason: "a\nb\u{85}c")
        for text in [error.description, endpoint.description, endpoint.url] {
            #expect(OneLine.isPlain(text), "\(text)")
        }
    }

    @Test(
        "a library's host that the command would not take is refused",
        arguments: [
            "a b", "a\nb", "a/b", "a,b", "a?b", "1.2.3", "fe80::1%", "fe80::1%0", "fe80::1%a b",
            "fe80::g", "[::1]", "::1\u{0}", "127.0.0.1\u{0}", "fe80::1%4294967296",
        ])
    func hosts(host: String) {
        let client = TCPClient("127.0.0.1", port: 1)
        for server: any Server in [
            TCPServer(TCPClient(host, port: 1), port: 0),
            TCPServer(client, listen: host, port: 0),
        ] {
            #expect(throws: EngineError.self) { _ = try Engine(servers: [server]) }
        }
    }

    @Test(
        "no argument adds a line to an error",
        arguments: [
            ["run", "tcp://a\nb:1", "tcp://c:1"], ["run", "unix:///a\nb/", "tcp://c:1"],
            ["run", "tcp://:1", "tcp://c:1?idle=1\ns"], ["run", "--for\nged"],
            ["run", "--backend=a\nb", "tcp://:1", "tcp://c:1"], ["a\nb"],
            ["run", "--log-level", "a\nb", "tcp://:1", "tcp://c:1"],
            ["run", "--io-uring-without", "a\nb", "tcp://:1", "tcp://c:1"],
        ])
    func arguments(arguments: [String]) async {
        let outcome = await PelmeniCommand.perform(arguments)
        let plain = await PelmeniCommand.perform(arguments.map { $0.replacing("\n", with: " ") })
        #expect(outcome.status == .usage)
        let lines = outcome.message.split(separator: "\n").count
        #expect(lines == plain.message.split(separator: "\n").count, "\(outcome.message)")
    }
}
