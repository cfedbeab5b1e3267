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

    /// The zone of a program's text is never decoded, and a number is one of digits alone.
    @Test func zones() throws {
        #expect(SocketAddress(numeric: "fe80::1%41", port: 1)?.scope == 41)
        #expect(SocketAddress(numeric: "fe80::1%251", port: 1)?.scope == 251)
        #expect(SocketAddress(numeric: "fe80::1%lo", port: 1)?.scope == 1)
        #expect(SocketAddress(numeric: "fe80::1%25lo", port: 1) == nil)
        #expect(SocketAddress(numeric: "fe80::1%+2", port: 1) == nil)
        #expect(SocketAddress(numeric: "fe80::1%0", port: 1) == nil)
        #expect(SocketAddress(numeric: "fe80::1%4294967296", port: 1) == nil)
        #expect(SocketAddress(numeric: "fe80::1%", port: 1) == nil)
        #expect(SocketAddress(numeric: "fe80::1", port: 1)?.scope == 0)
        let address = try #require(SocketAddress(numeric: "fe80::1%41", port: 1))
        #expect(address.description == "[fe80::1%41]:1")
        #expect(Address(address).description == "[fe80::1%41]:1")
        #expect(Address(address).host == "fe80::1")
        #expect(Address(address).zone == 41)
        #expect(Address(SocketAddress(v6: in6addr_loopback, port: 1)).zone == nil)
        let path = try #require(SocketAddress(path: "/a\nb"))
        #expect(Address(path).description == "/a%0Ab")
    }

    @Test func paths() throws {
        let address = try #require(SocketAddress(path: "/tmp/x.sock"))
        #expect(address.description == "/tmp/x.sock")
        #expect(address.port == nil)
        #expect(SocketAddress(path: "/a\nb")?.description == "/a%0Ab")
        #expect(SocketAddress(path: "/a\nb")?.host == "/a\nb")
        #expect(SocketAddress(path: "") == nil)
        #expect(SocketAddress(path: String(repeating: "x", count: 108)) == nil)
        #expect(SocketAddress(path: String(repeating: "x", count: 107)) != nil)
        #expect(SocketAddress(path: "a\0b") == nil)
    }

    /// A session's row keeps the client in 8 bytes: the same address comes out.
    @Test func aClientOfASession() throws {
        #expect(MemoryLayout<ClientAddress>.stride == 8)
        var mapped = in6_addr()
        let mappedBytes: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7]
        withUnsafeMutableBytes(of: &mapped) { $0.copyBytes(from: mappedBytes) }
        var other = mapped
        withUnsafeMutableBytes(of: &other) { $0[0] = 0xfe }
        let addresses = [
            SocketAddress(v4: 0, port: 0), SocketAddress(v4: .max, port: .max),
            SocketAddress(v4: 0x7f00_0001, port: 8080), SocketAddress(v6: mapped, port: 1),
            SocketAddress(v6: mapped, port: 1, scope: 3), SocketAddress(v6: other, port: 65_535),
            SocketAddress(v6: in6addr_loopback, port: 443), SocketAddress(),
            try #require(SocketAddress(path: "/tmp/x")),
        ]
        for address in addresses {
            var client = ClientAddress(address)
            #expect(client.row == AddressRow(address), "\(address)")
            client.close()
            #expect(client.row == AddressRow())
        }
        #expect(ClientAddress().row == AddressRow())
    }
}
