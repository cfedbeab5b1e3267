import Pelmeni
import Testing

@testable import PelmeniCLI

@Suite("Pairs and their options")
struct PairTests {
    @Test("without options the library's defaults hold")
    func defaults() throws {
        let pair = try EndpointPair(listen: "tcp://:1", upstream: "tcp://h:2")
        #expect(pair.options == PairOptions())
        #expect(pair.permissions == .owner)
    }

    @Test("an option may stand on either URL")
    func eitherSide() throws {
        let pair = try EndpointPair(
            listen: "unix:///a?idle=60s&on=2,0,2&mode=0660&keepalive=none&sessions=9",
            upstream: "tcp://h:2?connect=250ms&first-byte=2s&linger=none&stall=1m&user-timeout=1h")
        var options = PairOptions()
        options.idleTimeout = .after(.seconds(60))
        options.workers = [0, 2]
        options.keepAliveTime = nil
        options.sessionLimit = 9
        options.connectTimeout = .milliseconds(250)
        options.firstByteTimeout = .after(.seconds(2))
        options.lingerTimeout = .never
        options.stallTimeout = .after(.seconds(60))
        options.userTimeout = .seconds(3600)
        #expect(pair.options == options)
        #expect(pair.permissions == [.owner, .group])
    }

    @Test("on both URLs an option must mean the same")
    func bothSides() throws {
        let pair = try EndpointPair(listen: "tcp://:1?idle=60s", upstream: "tcp://h:2?idle=1m")
        #expect(pair.options.idleTimeout == .after(.seconds(60)))
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
            ("answer=1s", ["\"answer\"", "icmp upstreams"]),
            ("head=1s", ["\"head\"", "http"]),
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
            ("answer=none", ["\"none\"", "answer", "1ms or more"]),
            ("lookup=none", ["cannot be \"none\"", "valid: 1s to 24h"]),
            ("lookup=0s", ["\"0s\"", "valid: 1s to 24h"]),
            ("lookup=999ms", ["\"999ms\"", "valid: 1s to 24h"]),
            ("lookup=9000h", ["\"9000h\"", "valid: 1s to 24h"]),
            ("keepalive=0s", ["\"0s\"", "valid: 1s to 32767s in whole seconds, or none"]),
            ("user-timeout=0s", ["\"0s\"", "valid: 1ms to 24h, or none"]),
            ("keepalive=1500ms", ["\"1500ms\"", "whole seconds"]),
            ("user-timeout=25h", ["\"25h\"", "24h"]),
            ("sessions=0", ["\"0\"", "1 to 2147483647"]),
            ("sessions=many", ["\"many\"", "1 to 2147483647"]),
            ("sessions=99999999999", ["\"99999999999\"", "1 to 2147483647"]),
            ("on=", ["\"\"", "on=0,2"]),
            ("on=0,x", ["\"x\"", "on=0,2"]),
            ("on=-1", ["\"-1\"", "on=0,2"]),
            ("mode=0660", ["\"mode\"", "unix or unixgram listener"]),
            ("framing=", ["\"\"", "valid framings: u16be, u32be, line, octet-count"]),
            ("framing=u24be", ["\"u24be\"", "delim=0xNN, fixed=N, raw, eof"]),
            ("framing=delim=0x100", ["\"delim=0x100\"", "valid framings"]),
            ("framing=fixed=0", ["\"fixed=0\"", "valid framings"]),
            ("framing=line&framing=raw", ["\"framing\"", "twice", "line", "raw"]),
            ("max-frame=0", ["\"0\"", "max-frame", "1 to 16m"]),
            ("max-frame=17m", ["\"17m\"", "1 to 16m"]),
            ("max-frame=64kb", ["\"64kb\"", "k, m or g"]),
            ("requests=0", ["\"0\"", "number of datagrams", "1 to 2147483647"]),
            ("receive-buffer=4095", ["\"4095\"", "4k to 512m"]),
            ("receive-buffer=513m", ["\"513m\"", "4k to 512m"]),
            ("send-buffer=4095", ["\"4095\"", "send buffers", "4k to 512m"]),
            ("df=drop", ["\"drop\"", "valid: keep"]),
            ("v6only=1", ["\"1\"", "valid: yes, no"]),
            ("when-down=reset", ["\"reset\"", "valid: accept, refuse"]),
            ("when-down=refuse&when-down=accept", ["\"when-down\"", "twice", "refuse"]),
            ("interface=", ["\"\"", "1 to 15 bytes"]),
            ("interface=eth0%20", ["\"eth0 \"", "not an interface"]),
            ("interface=a-name-of-sixteen", ["1 to 15 bytes"]),
            ("interface=0", ["\"0\"", "not an interface"]),
            ("interface=4294967296", ["\"4294967296\"", "not an interface"]),
            ("interface=a/b", ["\"a/b\"", "not an interface"]),
            ("interface=a:b", ["\"a:b\"", "not an interface"]),
            ("responses=-1", ["\"-1\"", "number of datagrams"]),
            ("responses=none", ["\"none\"", "number of datagrams"]),
            ("profile=ntp", ["\"ntp\"", "valid profiles: dns"]),
            ("profile=dns", ["\"profile\"", "dns", "two streams"]),
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

    @Test(
        "a listener that cannot refuse clients is told so",
        arguments: [
            "udp://:1", "unix:///a", "unix:@a", "unixgram:///a", "icmp://",
        ])
    func whenDown(listen: String) throws {
        expectRefusal(naming: ["\"when-down\"", "tcp or http listener", listen]) {
            _ = try EndpointPair(listen: listen, upstream: "tcp://h:2?when-down=refuse")
        }
        let pair = try EndpointPair(listen: "tcp://:1?when-down=refuse", upstream: "tcp://h:2")
        #expect(pair.server.whenDown == .refuse)
        let http = try EndpointPair(listen: "http://:1?when-down=refuse", upstream: "http://h:2")
        #expect(http.server.whenDown == .refuse)
        let plain = try EndpointPair(listen: "tcp://:1", upstream: "tcp://h:2")
        #expect(plain.server.whenDown == .accept)
    }

    @Test("an abstract socket has no file, and so no mode")
    func abstractMode() throws {
        let pair = try EndpointPair(listen: "unix:@a", upstream: "unixgram:@b,/c")
        #expect(pair.listener == .unix(path: "@a"))
        #expect(pair.upstreamURL == "unixgram:@b,/c")
        #expect(RunPlan.PairPlan(pair, workers: 1).mode == nil)
        expectRefusal(naming: ["\"mode\"", "socket file", "unix:@a"]) {
            _ = try EndpointPair(listen: "unix:@a?mode=0600", upstream: "tcp://h:2")
        }
        expectRefusal(naming: ["itself"]) {
            _ = try EndpointPair(listen: "unix:@a", upstream: "unix:@a")
        }
    }

    @Test("options of lookups are for names", arguments: ["addresses=all", "lookup=5s"])
    func lookups(query: String) throws {
        let option = query.prefix { $0 != "=" }
        let numeric = ["tcp://127.0.0.1:1", "unix:@x", "udp://239.1.1.1:1", "tcp://[fe80::1%x]:1"]
        for upstream in numeric {
            expectRefusal(naming: ["\"\(option)\"", "upstream's name", upstream]) {
                _ = try EndpointPair(listen: "tcp://:1?\(query)", upstream: upstream)
            }
        }
        _ = try EndpointPair(listen: "tcp://:1?\(query)", upstream: "tcp://127.0.0.1:1,h:2")
    }

    @Test("no answer comes from a group: a profile that counts them is refused")
    func profileOfAGroup() throws {
        expectRefusal(naming: ["\"profile\"", "dns", "sets responses", "239.1.2.3:1"]) {
            _ = try EndpointPair(listen: "udp://:1?profile=dns", upstream: "udp://239.1.2.3:1")
        }
    }

    @Test("an interface is what a zone is")
    func interfaceNames() throws {
        for name in ["é", "eth0", "7", "+7", "a%41"] {
            let coded = PercentCoding.encoded(name: name)
            let pair = try EndpointPair(
                listen: "udp://239.1.1.1:1?interface=\(coded)", upstream: "udp://h:2")
            #expect(pair.options.interface == name)
        }
    }

    @Test("the options of sockets are read, on either URL")
    func sockets() throws {
        let pair = try EndpointPair(
            listen: "udp://:1?v6only=yes&df=keep", upstream: "udp://h:2?send-buffer=1m")
        var options = PairOptions()
        options.ipv6Only = true
        options.keepsDF = true
        options.sendBufferBytes = 1 << 20
        #expect(pair.options == options)
        let plan = RunPlan.PairPlan(pair, workers: 1).sockets
        #expect(plan?.v6Only == "yes")
        #expect(plan?.df == "keep")
        #expect(plan?.sendBuffer == "1m")
        let plain = try EndpointPair(listen: "udp://:1?v6only=no", upstream: "udp://h:2")
        #expect(plain.options == PairOptions())
        let usual = RunPlan.PairPlan(plain, workers: 1).sockets
        #expect(usual?.receiveBuffer == "4m")
        #expect(usual?.v6Only == "no" && usual?.df == nil && usual?.sendBuffer == nil)
        let streams = try EndpointPair(listen: "tcp://127.0.0.1:1", upstream: "tcp://h:2")
        #expect(RunPlan.PairPlan(streams, workers: 1).sockets == nil)
    }

    @Test("an interface is a group's, and each of two groups has its own")
    func interfaces() throws {
        for (listen, upstream) in [
            ("udp://239.1.2.3:5?interface=eth0", "udp://h:2"),
            ("udp://239.1.2.3:5", "udp://h:2?interface=eth0"),
        ] {
            let plan = RunPlan.PairPlan(
                try EndpointPair(listen: listen, upstream: upstream), workers: 1
            ).sockets
            #expect(plan?.interface == "eth0")
            #expect(plan?.upstreamInterface == nil)
        }
        let sending = try EndpointPair(
            listen: "udp://:5?interface=2", upstream: "udp://[ff15::1]:2")
        #expect(RunPlan.PairPlan(sending, workers: 1).sockets?.upstreamInterface == "2")
        let both = try EndpointPair(
            listen: "udp://239.1.2.3:5?interface=eth0",
            upstream: "udp://239.1.2.3:5?interface=eth1")
        let plan = RunPlan.PairPlan(both, workers: 1).sockets
        #expect(plan?.interface == "eth0")
        #expect(plan?.upstreamInterface == "eth1")
        _ = try Engine(workers: 1, servers: [both.server])
        let two = try EndpointPair.list([
            "udp://239.1.2.3:5?interface=eth0", "udp://h:1",
            "udp://239.1.2.3:5?interface=eth1", "udp://h:1",
        ])
        #expect(two.count == 2)
        expectRefusal(naming: ["udp://239.1.2.3:5", "two pairs"]) {
            _ = try EndpointPair.list([
                "udp://239.1.2.3:5", "udp://h:1", "udp://239.1.2.3:5", "udp://h:1",
            ])
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

    @Test("one port may be listened at for each kind")
    func samePort() throws {
        let pairs = try EndpointPair.list([
            "udp://:53", "udp://a:53", "tcp://:53", "udp://a:53",
            "unix:///a", "udp://a:1", "udp://:0", "udp://a:1", "udp://:0", "udp://a:1",
        ])
        #expect(pairs.count == 5)
        expectRefusal(naming: ["udp://:53", "two pairs"]) {
            _ = try EndpointPair.list(["udp://:53", "udp://a:1", "udp://:53", "tcp://b:1"])
        }
        expectRefusal(naming: ["itself"]) {
            _ = try EndpointPair(listen: "unixgram:///a", upstream: "unixgram:///a")
        }
        _ = try EndpointPair(listen: "tcp://a:53", upstream: "udp://a:53")
    }

    @Test("each end becomes the library's own kind")
    func servers() throws {
        let tcp = try EndpointPair(listen: "tcp://[::1]:5", upstream: "unix:///b,/c").server
        #expect(tcp is TCPServer)
        #expect(tcp.endpoint == .tcp(host: "::1", port: 5))
        #expect(tcp.client is UnixClient)
        #expect(tcp.client.endpoints == [.unix(path: "/b"), .unix(path: "/c")])
        let unix = try EndpointPair(listen: "unix:///a?mode=0640", upstream: "tcp://h:1").server
        #expect(unix is UnixServer)
        #expect(unix.permissions.rawValue == 0o640)
        #expect(unix.client is TCPClient)
        let udp = try EndpointPair(listen: "udp://:53", upstream: "unixgram:///b,/c").server
        #expect(udp is UDPServer)
        #expect(udp.endpoint == .udp(host: "", port: 53))
        #expect(udp.client is UnixDatagramClient)
        #expect(
            udp.client.endpoints == [
                .unixDatagram(path: "/b"), .unixDatagram(path: "/c"),
            ])
        let local = try EndpointPair(listen: "unixgram:///a?mode=0620", upstream: "udp://h:1,g:2")
            .server
        #expect(local is UnixDatagramServer)
        #expect(local.endpoint == .unixDatagram(path: "/a"))
        #expect(local.permissions.rawValue == 0o620)
        #expect(local.client is UDPClient)
        #expect(
            local.client.endpoints == [
                .udp(host: "h", port: 1), .udp(host: "g", port: 2),
            ])
    }
}
