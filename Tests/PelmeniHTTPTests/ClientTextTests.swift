import Testing

@testable import PelmeniHTTP

/// A client's address, kept in 8 bytes, is written as it was given.
@Suite struct ClientTextTests {
    @Test(arguments: [
        "0.0.0.0", "1.2.3.4", "9.10.99.100", "127.0.0.1", "255.255.255.255", "192.0.2.7",
        "::1", "::ffff:1.2.3.4", "fe80::1%eth0", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff",
        "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2..4", "a.b.c.d",
    ])
    func theSameDigits(host: String) {
        for isTrusted in [false, true] {
            var name = ClientName()
            defer { name.close() }
            name.set(host)
            name.isTrusted = isTrusted
            let text = name.text
            #expect(text.isTrusted == isTrusted)
            #expect(text.isV6 == host.contains(":"))
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = bytes.withUnsafeMutableBytes { memory in
                var writer = HeadWriter(memory)
                text.write(&writer)
                return writer.count
            }
            #expect(String(decoding: bytes[..<count], as: UTF8.self) == host)
        }
    }

    @Test func aClientWithoutAnAddressHasNoText() {
        let name = ClientName()
        #expect(name.text.count == 0 && !name.isTrusted)
    }

    @Test func anIdleExchangeIsSmall() {
        #expect(MemoryLayout<HTTPExchange>.stride <= 48)
    }
}
