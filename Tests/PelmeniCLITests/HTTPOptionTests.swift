import ArgumentParser
import Pelmeni
import PelmeniHTTP
import Testing
import Yams

@testable import PelmeniCLI

@Suite("options of http pairs")
struct HTTPOptionTests {
    private func server(_ query: String) throws -> HTTPServer {
        let pair = try EndpointPair(listen: "http://:1?\(query)", upstream: "http://h:2")
        return try #require(pair.server as? HTTPServer)
    }

    @Test("without options the library's defaults hold")
    func defaults() throws {
        let (found, own) = (try server("idle=1h"), HTTPServer(HTTPClient("h", 2)))
        #expect(found.limits == own.limits)
        #expect(found.deadlines == own.deadlines)
        #expect(found.halfClose == own.halfClose)
        #expect(found.forwarding == own.forwarding)
        #expect(found.trustedClients == own.trustedClients)
    }

    @Test("each reaches the server")
    func values() throws {
        let found = try server(
            "half-close=abort&max-head=128k&max-request-line=100k&max-fields=256"
                + "&max-chunk-extensions=0&max-trailers=1k&forward=forwarded,via"
                + "&trust=10.0.0.0/8,::1&head=1s&client-idle=2s")
        #expect(found.halfClose == .abort)
        var limits = HTTPLimits()
        limits.headBytes = 128 << 10
        limits.requestLineBytes = 100 << 10
        limits.fields = 256
        limits.chunkExtensionBytes = 0
        limits.trailerBytes = 1 << 10
        #expect(found.limits == limits)
        #expect(found.forwarding == [.via, .forwarded])
        #expect(found.trustedClients.map(\.description) == ["10.0.0.0/8", "::1"])
        #expect(found.deadlines.head == .seconds(1))
        #expect(try server("forward=none").forwarding == [])
        // Limits of parts are within that of the head.
        #expect(try server("max-head=2k").limits.requestLineBytes == 2 << 10)
    }

    @Test(
        "a bad value is refused, and the valid ones are named",
        arguments: [
            ("half-close=no", ["\"no\"", "deliver, abort"]),
            ("max-head=1023", ["\"1023\"", "1k to 256k"]), ("max-head=257k", ["1k to 256k"]),
            ("max-head=none", ["\"none\"", "k, m or g"]),
            ("max-request-line=255", ["256 to 256k"]),
            ("max-request-line=65k", ["\"max-request-line\"", "65k", "max-head", "64k"]),
            ("max-head=2k&max-trailers=3k", ["\"max-trailers\"", "3k", "2k"]),
            ("max-fields=0", ["\"0\"", "1 to 256"]), ("max-fields=257", ["1 to 256"]),
            ("max-fields=1k", ["\"1k\"", "1 to 256"]),
            ("max-chunk-extensions=1m", ["0 to 256k"]),
            ("forward=x-real-ip", ["\"x-real-ip\"", "via, x-forwarded, forwarded", "none"]),
            ("forward=none,via", ["\"none\"", "none alone"]), ("forward=", ["\"\"", "via"]),
            ("trust=10.0.0.1/8", ["\"10.0.0.1/8\"", "10.0.0.0/8"]),
            ("trust=10.0.0.0/8,", ["\"\"", "not a network"]),
            ("trust=localhost", ["\"localhost\"", "not a network"]),
        ])
    func refusals(query: String, tokens: [String]) {
        expectRefusal(naming: tokens) { _ = try server(query) }
    }

    @Test("they are for http alone", arguments: PairOption.ofHTTP)
    func others(option: PairOption) {
        let value =
            switch option {
            case .halfClose: "abort"
            case .forward: "via"
            case .trust: "::1"
            case .maxFields: "9"
            case .maxHead, .maxRequestLine, .maxChunkExtensions, .maxTrailers: "2k"
            default: "1s"
            }
        expectRefusal(naming: ["\"\(option.rawValue)\"", "is for ", "http"]) {
            _ = try EndpointPair(
                listen: "tcp://:1?\(option.rawValue)=\(value)", upstream: "tcp://h:2")
        }
    }

    @Test("check prints them all")
    func check() async throws {
        let endpoints = [
            "http://:1?trust=10.0.0.0/8,::1&half-close=abort&max-head=2k", "http://[::1]:2",
        ]
        let command = try CheckCommand.parse(endpoints + ["--backend", "epoll"])
        let text = try await command.text(try EndpointPair.list(endpoints)) { _ in [] }
        for line in [
            "half-close: abort", "max-head: 2k", "max-request-line: 2k", "max-fields: 200",
            "max-chunk-extensions: 4k", "max-trailers: 2k", "forward: via,x-forwarded",
            "trust: 10.0.0.0/8,::1", "head: 30s", "upstream-idle: 30s",
        ] {
            #expect(text.contains("    \(line)\n"), "\(line) in \(text)")
        }
        let plan = try YAMLDecoder().decode(RunPlan.self, from: text)
        #expect(plan.pairs.first?.ofProtocol?.halfClose == "abort")
    }
}
