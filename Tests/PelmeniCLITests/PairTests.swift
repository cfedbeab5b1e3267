import Pelmeni
import Testing

@testable import PelmeniCLI

@Suite("Pairs and their options")
struct PairTests {
    @Test("without options the library's defaults hold")
    func defaults() throws {
        let pair = try EndpointPair(listen: "tcp://:1", upstream: "tcp://h:2")
        #expect(pair.options == PairOptions())
        #expect(pair.mode == 0o600)
    }

    @Test("an option may stand on either URL")
    func eitherSide() throws {
        let pair = try EndpointPair(
            listen: "unix:///a?idle=60s&on=2,0,2&mode=0660&keepalive=none&sessions=9",
            upstream: "tcp://h:2?connect=250ms&first-byte=2s&linger=none&stall=1m&user-timeout=1h")
        var options = PairOptions()
        options.idle = .seconds(60)
        options.workers = [0, 2]
        options.keepAlive = nil
        options.sessions = 9
        options.connect = .milliseconds(250)
        options.firstByte = .seconds(2)
        options.linger = nil
        options.stall = .seconds(60)
        options.userTimeout = .seconds(3600)
        #expect(pair.options == options)
        #expect(pair.mode == 0o660)
    }

    @Test("on both URLs an option must mean the same")
    func bothSides() throws {
        let pair = try EndpointPair(listen: "tcp://:1?idle=60s", upstream: "tcp://h:2?idle=1m")
        #expect(pair.options.idle == .seconds(60))
        expectRefusal(naming: ["\"idle\"", "1m", "2m", "tcp://:1?idle=60s", "tcp://h:2?idle=2m"]) {
            _ = try EndpointPair(listen: "tcp://:1?idle=60s", upstream: "tcp://h:2?idle=2m")
        }
    }

    @Test(
        "a bad option is refused, and named",
        arguments: [
            ("idel=5s", ["\"idel\"", "valid options: connect, first-byte, idle"]),
            ("", ["\"\"", "valid options"]),
            ("idle=5s&", ["\"\"", "valid options"]),
            ("Idle=5s", ["\"Idle\"", "valid options"]),
            ("framing=u16be", ["\"framing\"", "not in this build"]),
            ("max-frame=64k", ["\"max-frame\"", "not in this build"]),
            ("head=1s", ["\"head\"", "not in this build"]),
            ("answer=1s", ["\"answer\"", "not in this build"]),
            ("requests=1", ["\"requests\"", "not in this build"]),
            ("responses=1", ["\"responses\"", "not in this build"]),
            ("idle", ["\"idle\"", "no value"]),
            ("idle=", ["\"\"", "duration"]),
            ("idle=5", ["\"5\"", "ms, s, m or h"]),
            ("idle=-5s", ["\"-5s\"", "ms, s, m or h"]),
            ("idle=1.5s", ["\"1.5s\"", "ms, s, m or h"]),
            ("idle=5d", ["\"5d\"", "ms, s, m or h"]),
            ("idle=0s", ["\"0s\"", "1ms or more"]),
            ("idle=99999999999999999999h", ["too long"]),
            ("idle=8761h", ["\"8761h\"", "too long"]),
            ("idle=5s&idle=6s", ["\"idle\"", "twice", "5s", "6s"]),
            ("connect=none", ["\"none\"", "connect"]),
            ("keepalive=1500ms", ["\"1500ms\"", "whole seconds"]),
            ("user-timeout=25h", ["\"25h\"", "24h"]),
            ("sessions=0", ["\"0\"", "1 or more"]),
            ("sessions=many", ["\"many\"", "1 or more"]),
            ("sessions=99999999999", ["\"99999999999\""]),
            ("on=", ["\"\"", "on=0,2"]),
            ("on=0,x", ["\"x\"", "on=0,2"]),
            ("on=-1", ["\"-1\"", "on=0,2"]),
            ("mode=0660", ["\"mode\"", "unix listener"]),
            ("idle=%zz", ["\"idle=%zz\""]),
        ])
    func badOption(query: String, tokens: [String]) {
        expectRefusal(naming: tokens) {
            _ = try EndpointPair(listen: "tcp://:1?\(query)", upstream: "tcp://h:2")
        }
        expectRefusal(naming: tokens) {
            _ = try EndpointPair(listen: "tcp://:1", upstream: "tcp://h:2?\(query)")
        }
    }

    @Test(
        "a bad file mode is refused",
        arguments: ["", "888", "1000", "rw", "0x1ff", "-1", "99999999999"])
    func badMode(mode: String) {
        expectRefusal(naming: ["\"\(mode)\"", "octal"]) {
            _ = try EndpointPair(listen: "unix:///a?mode=\(mode)", upstream: "tcp://h:2")
        }
    }

    @Test("URLs come in pairs")
    func list() throws {
        let pairs = try EndpointPair.list(["tcp://:0", "tcp://a:1", "tcp://:0", "unix:///b,/c"])
        #expect(pairs.map(\.upstreamURL) == ["tcp://a:1", "unix:///b,/c"])
        expectRefusal(naming: ["no pair"]) { _ = try EndpointPair.list([]) }
        expectRefusal(naming: ["\"tcp://:3\"", "no upstream"]) {
            _ = try EndpointPair.list(["tcp://:1", "tcp://a:1", "tcp://:3"])
        }
        expectRefusal(naming: ["\"a.yaml\"", "not an endpoint"]) {
            _ = try EndpointPair.list(["a.yaml"])
        }
        expectRefusal(naming: ["tcp://:1", "two pairs"]) {
            _ = try EndpointPair.list(["tcp://:1", "tcp://a:1", "tcp://:1", "tcp://b:1"])
        }
        expectRefusal(naming: ["itself"]) { _ = try EndpointPair.list(["tcp://a:1", "tcp://a:1"]) }
    }

    @Test("each end becomes the library's own kind")
    func servers() throws {
        let tcp = try EndpointPair(listen: "tcp://[::1]:5", upstream: "unix:///b,/c").server
        #expect(tcp is TCPServer)
        #expect(tcp.listens == Destination(host: "::1", port: 5))
        #expect(tcp.client is UnixClient)
        #expect(tcp.client.destinations == [Destination(path: "/b"), Destination(path: "/c")])
        let unix = try EndpointPair(listen: "unix:///a?mode=0640", upstream: "tcp://h:1").server
        #expect(unix is UnixServer)
        #expect(unix.mode == 0o640)
        #expect(unix.client is TCPClient)
    }
}
