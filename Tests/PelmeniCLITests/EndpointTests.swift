import Pelmeni
import Testing

@testable import PelmeniCLI

@Suite("Endpoint URLs")
struct EndpointTests {
    @Test(
        "a good listener is read",
        arguments: [
            ("tcp://127.0.0.1:8080", Endpoint.tcp(host: "127.0.0.1", port: 8080)),
            ("TCP://localhost:1", .tcp(host: "localhost", port: 1)),
            ("tcp://:80", .tcp(host: "", port: 80)),
            ("tcp://:0", .tcp(host: "", port: 0)),
            ("tcp://[::1]:65535", .tcp(host: "::1", port: 65_535)),
            ("tcp://[fe80::1%25eth0]:9", .tcp(host: "fe80::1%eth0", port: 9)),
            ("tcp://[fe80::1%eth0]:9", .tcp(host: "fe80::1%eth0", port: 9)),
            ("tcp://[fe80::1%2]:9", .tcp(host: "fe80::1%2", port: 9)),
            ("tcp://[fe80::1%12]:9", .tcp(host: "fe80::1%12", port: 9)),
            ("tcp://[fe80::1%41]:9", .tcp(host: "fe80::1%41", port: 9)),
            ("tcp://[fe80::1%25]:9", .tcp(host: "fe80::1%25", port: 9)),
            ("tcp://[fe80::1%251]:9", .tcp(host: "fe80::1%251", port: 9)),
            ("tcp://[fe80::1%a%41]:9", .tcp(host: "fe80::1%a%41", port: 9)),
            ("tcp://[fe80::1%25a%41]:9", .tcp(host: "fe80::1%aA", port: 9)),
            ("tcp://[fe80::1%25a%2C%5D]:9", .tcp(host: "fe80::1%a,]", port: 9)),
            ("tcp://[fe80::1%2525gbe]:9", .tcp(host: "fe80::1%25gbe", port: 9)),
            ("tcp://my_host.example:9", .tcp(host: "my_host.example", port: 9)),
            ("unix:///run/a.sock", .unix(path: "/run/a.sock")),
            ("unix:///run/a%20b%2Cc%3F.sock", .unix(path: "/run/a b,c?.sock")),
            ("unix:///run/%D0%BF", .unix(path: "/run/п")),
            ("unix:@name", .unix(path: "@name")),
            ("unix:@a%20b%2Cc%3F", .unix(path: "@a b,c?")),
            ("UNIXGRAM:@a/b", .unixDatagram(path: "@a/b")),
            ("unix:///run/@a", .unix(path: "/run/@a")),
            ("unix:///run/a%0Ab%23c", .unix(path: "/run/a\nb#c")),
            ("udp://127.0.0.1:53", .udp(host: "127.0.0.1", port: 53)),
            ("UDP://[::1]:0", .udp(host: "::1", port: 0)),
            ("unixgram:///run/a%20b.sock", .unixDatagram(path: "/run/a b.sock")),
            ("icmp://192.0.2.1", .host("192.0.2.1", scheme: "icmp")),
            ("icmp://[::1]", .host("::1", scheme: "icmp")),
            ("icmp://", .host("", scheme: "icmp")),
        ])
    func goodListener(url: String, endpoint: Endpoint) throws {
        let listener = try EndpointURL(url, side: .listener)
        #expect(listener.endpoints == [endpoint])
        #expect(listener.options.isEmpty)
    }

    @Test("several upstreams are one URL with commas")
    func severalUpstreams() throws {
        let names = try EndpointURL("tcp://10.0.0.1:80,[::1]:81,web:82?connect=2s", side: .upstream)
        #expect(
            names.endpoints == [
                .tcp(host: "10.0.0.1", port: 80), .tcp(host: "::1", port: 81),
                .tcp(host: "web", port: 82),
            ])
        #expect(names.options == [.connect: .duration(.seconds(2))])
        let paths = try EndpointURL("unix:///a,/b%2Cc", side: .upstream)
        #expect(paths.endpoints == [.unix(path: "/a"), .unix(path: "/b,c")])
        let resolvers = try EndpointURL("udp://10.0.0.1:53,dns:54", side: .upstream)
        #expect(
            resolvers.endpoints == [
                .udp(host: "10.0.0.1", port: 53), .udp(host: "dns", port: 54),
            ])
        let sockets = try EndpointURL("unixgram:///a,/b", side: .upstream)
        #expect(sockets.endpoints == [.unixDatagram(path: "/a"), .unixDatagram(path: "/b")])
        let abstract = try EndpointURL("unix:@a,/b,@c?connect=1s", side: .upstream)
        #expect(
            abstract.endpoints == [.unix(path: "@a"), .unix(path: "/b"), .unix(path: "@c")])
        let mixed = try EndpointURL("unix:///a,@b", side: .upstream)
        #expect(mixed.endpoints == [.unix(path: "/a"), .unix(path: "@b")])
    }

    @Test(
        "what was read is written so that it reads the same",
        arguments: [
            "tcp://127.0.0.1:80", "tcp://[::1]:80", "tcp://:80", "unix:///run/a.sock",
            "unix:///run/a%20b%2Cc%3F%25.sock", "udp://[::1]:53", "unixgram:///run/a%2Cb.sock",
            "icmp://192.0.2.1", "icmp://[::1]", "unix:@name", "unixgram:@a%20b%2Cc%3F%25/d",
        ])
    func roundTrip(url: String) throws {
        #expect(try EndpointURL(url, side: .listener).endpoints.map(\.url) == [url])
    }

    @Test(
        "a bad URL is refused, and the token that is wrong is named",
        arguments: [
            ("127.0.0.1:80", ["\"127.0.0.1:80\"", "tcp, udp, unix, unixgram, icmp"]),
            ("config.yaml", ["\"config.yaml\"", "tcp, udp, unix, unixgram, icmp"]),
            ("ftp://h:80", ["\"ftp\"", "tcp, udp, unix, unixgram, icmp"]),
            ("://h:80", ["\"\"", "tcp, udp, unix, unixgram, icmp"]),
            ("icmp://h:80", ["\":80\"", "takes no port"]), ("icmp://", ["no host"]),
            ("icmp://::1", ["several colons"]), ("icmp://h/a", ["\"/a\"", "no path"]),
            ("tcp://h", ["\"h\"", "no port"]),
            ("tcp://", ["no host"]),
            ("tcp://:80", ["no host"]),
            ("tcp://h:", ["\"\"", "not a port"]),
            ("tcp://h:0", ["\"0\"", "1 to 65535"]),
            ("tcp://h:65536", ["\"65536\"", "1 to 65535"]),
            ("tcp://h:+80", ["\"+80\"", "not a port"]),
            ("tcp://h:٣", ["\"٣\"", "not a port"]),
            ("tcp://h:80/", ["\"/\"", "no path"]),
            ("tcp://h:80/a/b", ["\"/a/b\"", "no path"]),
            ("tcp://::1:80", ["\"::1:80\"", "[::1]:80"]),
            ("tcp://[::1:80", ["\"[::1:80\"", "]"]),
            ("tcp://[::g]:80", ["\"::g\"", "IPv6"]),
            ("tcp://[::1]", ["\"[::1]\"", "no port"]),
            ("tcp://[fe80::1%]:80", ["IPv6", "interface"]),
            ("tcp://[fe80::1%0]:80", ["IPv6", "interface"]),
            ("tcp://[fe80::1%4294967296]:80", ["IPv6", "interface"]),
            ("tcp://[fe80::1%25a%4]:80", ["IPv6", "interface"]),
            ("tcp://[fe80::1%25a%20b]:80", ["IPv6", "interface"]),
            ("tcp://[fe80::1%a%b%c%d%e%f%g%h%i]:80", ["IPv6", "interface"]),
            ("tcp://300.1.1.1:80", ["\"300.1.1.1\"", "IPv4"]),
            ("tcp://1.2.3:80", ["\"1.2.3\"", "IPv4"]),
            ("tcp://user@h:80", ["\"user@h\"", "not a host"]),
            ("tcp://a b:80", ["\"a b\"", "not a host"]),
            ("tcp://a..b:80", ["\"a..b\"", "not a host"]),
            ("tcp://a:1,", ["empty", "comma"]),
            ("tcp://a:1,a:1", ["\"a:1\"", "twice"]),
            ("tcp://a:1,tcp://b:2", ["\"tcp://b:2\"", "scheme"]),
            ("udp://h", ["\"h\"", "no port", "udp://HOST:PORT"]),
            ("udp://h:0", ["\"0\"", "1 to 65535"]),
            ("udp://::1:80", ["udp://[::1]:80"]),
            ("udp://h:53/a", ["\"/a\"", "udp:// takes no path"]),
            ("udp://a:1,tcp://b:2", ["\"tcp://b:2\"", "udp://A,B"]),
            ("unixgram://a.sock", ["\"a.sock\"", "unixgram:///run/a.sock"]),
            ("unix://a.sock", ["\"a.sock\"", "absolute"]),
            ("unix://", ["absolute"]),
            ("unix:///run/", ["\"/run/\"", "folder"]),
            ("unix://@a", ["unix:@a", "behind the colon"]),
            ("unixgram://@a,/b", ["unixgram:@a,/b"]),
            ("unix:@", ["\"@\"", "1 to 107"]),
            ("unix:@" + String(repeating: "x", count: 108), ["1 to 107"]),
            ("unix:@a%00", ["not a path"]),
            ("unix:a", ["\"unix:a\"", "not an endpoint", "unix:///run/a.sock, or unix:@name"]),
            ("unix:/a", ["\"unix:/a\"", "not an endpoint", "unix:///run/a.sock"]),
            ("UNIXGRAM:/a", ["not an endpoint", "unixgram:///run/a.sock, or unixgram:@name"]),
            ("tcp:@a", ["\"@a\"", "not a host"]),
            ("unix:@a,@a", ["\"@a\"", "twice"]),
            ("unix:///a%2", ["\"/a%2\"", "%"]),
            ("unix:///a%zz", ["\"/a%zz\"", "%"]),
            ("unix:///a%00b", ["not a path"]),
            ("unix:///a%ff", ["not a path"]),
            ("unix:///" + String(repeating: "x", count: 107), ["108 bytes", "107"]),
        ])
    func badUpstream(url: String, tokens: [String]) {
        expectRefusal(naming: tokens) { _ = try EndpointURL(url, side: .upstream) }
    }

    @Test("a listener has one address")
    func oneListener() {
        expectRefusal(naming: ["\"tcp://a:1,b:2\"", "2 addresses"]) {
            _ = try EndpointURL("tcp://a:1,b:2", side: .listener)
        }
    }

    @Test(
        "only names need a resolver",
        arguments: [
            ("tcp://web:1", "web"), ("tcp://127.0.0.1:1", nil), ("tcp://[::1]:1", nil),
            ("tcp://:1", nil), ("unix:///a", nil), ("udp://dns:1", "dns"),
            ("udp://127.0.0.1:1", nil), ("unixgram:///a", nil), ("unix:@a", nil),
            ("tcp://[fe80::1%none9]:1", nil),
        ])
    func name(url: String, name: String?) throws {
        #expect(try EndpointURL(url, side: .listener).endpoints.map(\.name) == [name])
    }
}
