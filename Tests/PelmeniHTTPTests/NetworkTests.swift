import Testing

@testable import PelmeniHTTP

/// Networks of trusted clients.
@Suite struct NetworkTests {
    @Test(arguments: [
        (
            "10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"],
            ["11.0.0.0", "::a00:0"]
        ),
        ("192.0.2.7", ["192.0.2.7"], ["192.0.2.6", "192.0.2.8"]),
        ("192.0.2.6/31", ["192.0.2.6", "192.0.2.7"], ["192.0.2.5", "192.0.2.8"]),
        ("0.0.0.0/0", ["1.2.3.4", "255.255.255.255"], ["::1", "2001:db8::1"]),
        ("::/0", ["1.2.3.4", "::1", "fe80::1%eth0"], ["", "a"]),
        ("2001:db8::/32", ["2001:db8::1", "2001:db8:ffff::"], ["2001:db9::", "1.2.3.4"]),
        ("fe80::/10", ["fe80::1%2", "febf::"], ["fec0::"]),
        ("::1", ["::1"], ["::", "::2", "0.0.0.1"]),
        ("2001:db8::ff00/120", ["2001:db8::ff7f"], ["2001:db8::fe7f"]),
    ]) func contains(text: String, inside: [String], outside: [String]) throws {
        let network = try #require(HTTPNetwork(text))
        #expect(network.description == text)
        for host in inside { #expect(network.contains(host), "\(host)") }
        for host in outside { #expect(!network.contains(host), "\(host)") }
    }

    @Test(arguments: [
        "", "/", "10.0.0.0/", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8",
        "10.0.0/8",
        "::1/127", "::/129", "2001:db8::1/32", "localhost", "10.0.0.0/+8", "10.0.0.0/0008",
        "::1%lo",
    ]) func invalid(text: String) { #expect(HTTPNetwork(text) == nil) }

    @Test func trustedOnes() {
        #expect(HTTPNetwork("::ffff:10.0.0.0/104")?.contains("10.9.9.9") == true)
        #expect(HTTPNetwork("10.0.0.0/8") != HTTPNetwork("10.0.0.0/9"))
    }
}
