import Pelmeni
import PelmeniICMP
import Testing

@testable import PelmeniCLI

@Suite("Options of pairs with datagrams")
struct MessageOptionTests {
    @Test("each is read, on either URL")
    func eitherSide() throws {
        let pair = try EndpointPair(
            listen: "tcp://:1?framing=octet-count&requests=3",
            upstream: "udp://h:2?max-frame=8k&responses=2&framing=octet-count&receive-buffer=1m")
        var options = PairOptions()
        options.framing = .octetCount
        options.frameBytesMax = 8 << 10
        options.requestLimit = 3
        options.responseLimit = 2
        options.receiveBufferBytes = 1 << 20
        #expect(pair.options == options)
        #expect(pair.options.idleTimeout == .inherited)
    }

    @Test(
        "every framing has a name",
        arguments: [
            ("u16be", Framing.u16be), ("u32be", .u32be), ("line", .line),
            ("octet-count", .octetCount), ("delim=0x0A", .delimiter(10)),
            ("delim=0", .delimiter(0)),
            ("fixed=188", .fixed(188)), ("raw", .raw), ("eof", .eof),
        ])
    func framings(text: String, framing: Framing) throws {
        let pair = try EndpointPair(listen: "tcp://:1?framing=\(text)", upstream: "udp://h:2")
        #expect(pair.options.framing == framing)
        _ = try Engine(workers: 1, servers: [pair.server])
    }

    @Test("an icmp upstream's answer is waited for 5 s, or as long as an option says")
    func answer() throws {
        for (listen, upstream, wanted) in [
            ("udp://:1", "icmp://h", Duration.seconds(5)),
            ("udp://:1", "icmp://h?answer=250ms", .milliseconds(250)),
            ("tcp://:1?answer=2s", "icmp://h", .seconds(2)),
        ] {
            let pair = try EndpointPair(listen: listen, upstream: upstream)
            #expect((pair.server.client as? ICMPClient)?.patience == wanted)
            #expect(
                RunPlan.PairPlan(pair, workers: 1).ofProtocol?.answer == DurationText.format(wanted)
            )
        }
        expectRefusal(naming: ["\"answer\"", "icmp", "udp://h:2"]) {
            _ = try EndpointPair(listen: "icmp://?answer=2s", upstream: "udp://h:2")
        }
        expectRefusal(naming: ["\"answer\"", "\"none\""]) {
            _ = try EndpointPair(listen: "udp://:1", upstream: "icmp://h?answer=none")
        }
        let pair = try EndpointPair(listen: "udp://:1", upstream: "udp://h:2")
        #expect(RunPlan.PairPlan(pair, workers: 1).ofProtocol?.answer == nil)
    }

    @Test("on both URLs they must mean the same")
    func bothSides() throws {
        let pair = try EndpointPair(
            listen: "tcp://:1?framing=delim=10&max-frame=64k",
            upstream: "udp://h:2?framing=delim=0x0A&max-frame=65536")
        #expect(pair.options.framing == .delimiter(10))
        expectRefusal(naming: ["\"framing\"", "line", "raw"]) {
            _ = try EndpointPair(listen: "tcp://:1?framing=line", upstream: "udp://h:2?framing=raw")
        }
        expectRefusal(naming: ["\"responses\"", "1", "2"]) {
            _ = try EndpointPair(listen: "udp://:1?responses=1", upstream: "udp://h:2?responses=2")
        }
    }

    @Test(
        "between two streams each URL has its own",
        arguments: [
            ("tcp://:1", "tcp://h:2"), ("unix:///a", "unix:///b"), ("tcp://:1", "unix:///b"),
        ])
    func twoStreams(listen: String, upstream: String) throws {
        let pair = try EndpointPair(
            listen: "\(listen)?framing=line&max-frame=8k&idle=9s",
            upstream: "\(upstream)?framing=u32be&max-frame=100k&idle=9s")
        #expect(pair.options.framing == .line)
        #expect(pair.options.frameBytesMax == 8 << 10)
        #expect(pair.options.idleTimeout == .after(.seconds(9)))
        #expect(pair.server.client.framing == .u32be)
        #expect(pair.server.client.frameBytesMax == 100 << 10)
        _ = try Engine(workers: 1, servers: [pair.server])
    }

    @Test("one end's framing stays there, and holds for both")
    func oneOfTwoStreams() throws {
        let near = try EndpointPair(listen: "tcp://:1?framing=line", upstream: "tcp://h:2")
        #expect(near.options.framing == .line)
        #expect(near.server.client.framing == nil)
        let far = try EndpointPair(
            listen: "tcp://:1?max-frame=9", upstream: "tcp://h:2?framing=line")
        #expect(far.options.framing == nil)
        #expect(far.options.frameBytesMax == 9)
        #expect(far.server.client.framing == .line)
        #expect(far.server.client.frameBytesMax == nil)
        for pair in [near, far] {
            #expect(pair.server.messages.client == pair.server.messages.upstream)
            _ = try Engine(workers: 1, servers: [pair.server])
        }
    }

    @Test("where one stream meets datagrams, both URLs have the same")
    func oneStream() {
        for (listen, upstream) in [("tcp://:1", "udp://h:2"), ("unixgram:///a", "unix:///b")] {
            expectRefusal(naming: ["\"framing\"", "line", "u32be", "once is enough"]) {
                _ = try EndpointPair(
                    listen: "\(listen)?framing=line", upstream: "\(upstream)?framing=u32be")
            }
            expectRefusal(naming: ["\"max-frame\"", "8k", "9k", "once is enough"]) {
                _ = try EndpointPair(
                    listen: "\(listen)?max-frame=8k", upstream: "\(upstream)?max-frame=9k")
            }
        }
    }

    @Test("the dns profile says what nothing else does")
    func profile() throws {
        func options(_ query: String) throws -> PairOptions {
            try EndpointPair(listen: "udp://:53?profile=dns", upstream: "udp://h:53\(query)")
                .options
        }
        #expect(try options("") == .dns)
        #expect(try options("?profile=dns") == .dns)
        #expect(try options("?idle=9s").idleTimeout == .after(.seconds(9)))
        #expect(try options("?idle=none").idleTimeout == .never)
        #expect(try options("?idle=9s").responseLimit == 1)
        #expect(try options("?responses=4").responseLimit == 4)
        #expect(try options("?responses=4").idleTimeout == .after(.seconds(5)))
        _ = try EndpointPair(listen: "tcp://:53?profile=dns", upstream: "udp://h:53")
        _ = try EndpointPair(listen: "unixgram:///a?profile=dns", upstream: "unix:///b")
    }

    @Test(
        "each kind goes with each other one",
        arguments: ["tcp://:0", "udp://:0", "unix:///a", "unixgram:///a"],
        ["tcp://h:1", "udp://h:1", "unix:///b", "unixgram:///b"])
    func everyPair(listen: String, upstream: String) throws {
        let server = try EndpointPair(listen: listen, upstream: upstream).server
        _ = try Engine(workers: 1, servers: [server])
    }
}
