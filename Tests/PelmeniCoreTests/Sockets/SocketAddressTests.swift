import Glibc
import Testing

@testable import PelmeniCore

@Suite struct SocketAddressTests {
    @Test func fourBytes() {
        var address = SocketAddress(v4: 0x7f00_0001, port: 8080)
        #expect(address.description == "127.0.0.1:8080")
        #expect(address.family == AF_INET)
        address.port = 1
        #expect(address.port == 1)
        #expect(address == SocketAddress(v4: 0x7f00_0001, port: 1))
        #expect(address != SocketAddress(v4: 0x7f00_0002, port: 1))
    }

    @Test func sixteenBytes() {
        let address = SocketAddress(v6: in6addr_loopback, port: 443)
        #expect(address.description == "[::1]:443")
        #expect(address.host == "::1")
    }

    @Test func paths() throws {
        let address = try #require(SocketAddress(path: "/tmp/x.sock"))
        #expect(address.description == "/tmp/x.sock")
        #expect(address.port == nil)
        #expect(SocketAddress(path: "") == nil)
        #expect(SocketAddress(path: String(repeating: "x", count: 108)) == nil)
        #expect(SocketAddress(path: String(repeating: "x", count: 107)) != nil)
        #expect(SocketAddress(path: "a\0b") == nil)
    }
}
