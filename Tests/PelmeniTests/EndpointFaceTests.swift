import Pelmeni
import Testing

/// Where clients and servers are, as an embedder says it.
@Suite struct EndpointFaceTests {
    @Test func aClientHasTheEndpointOfItsKind() {
        #expect(TCPClient("a", port: 1).endpoints == [.tcp(host: "a", port: 1)])
        #expect(UDPClient("a", port: 1).endpoints == [.udp(host: "a", port: 1)])
        #expect(UnixClient("/a").endpoints == [.unix(path: "/a")])
        #expect(UnixDatagramClient("/a").endpoints == [.unixDatagram(path: "/a")])
        #expect(Endpoint.udp(host: "::1", port: 5).description == "[::1]:5")
        #expect(Endpoint.unixDatagram(path: "/a").description == "/a")
        #expect(Endpoint.udp(host: "a", port: 1) != .tcp(host: "a", port: 1))
        #expect(Endpoint.udp(host: "a", port: 7).port == 7)
        #expect(Endpoint.unix(path: "/a").port == nil)
    }

    @Test func aServerListensAtTheEndpointOfItsKind() {
        let tcp = TCPClient("a", port: 1)
        let udp = UDPClient("a", port: 1)
        #expect(TCPServer(tcp).endpoint == .tcp(host: "", port: 8080))
        #expect(UDPServer(udp).endpoint == .udp(host: "", port: 8080))
        #expect(UnixServer(tcp, listen: "/a").endpoint == .unix(path: "/a"))
        #expect(UnixDatagramServer(udp, listen: "/a").endpoint == .unixDatagram(path: "/a"))
        #expect(UnixServer(tcp, listen: "/a").permissions == .owner)
        #expect(TCPServer(tcp).permissions.rawValue == 0o600)
        #expect(SocketPermissions([.owner, .group, .others]).rawValue == 0o666)
    }
}
