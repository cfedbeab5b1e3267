import Glibc
import Pelmeni
import TestSupport
import Testing

/// A listener of IPv6 alone beside one of IPv4 on the same port.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct AddressFamilyTests {
    private static func server(
        _ kind: Face, _ host: String, port: UInt16, origin: UInt16, isOnly: Bool
    ) -> any Server {
        var options = PairOptions()
        options.ipv6Only = isOnly
        return kind == .tcp
            ? TCPServer(
                TCPClient("127.0.0.1", port: origin), listen: host, port: port, options: options)
            : UDPServer(
                UDPClient("127.0.0.1", port: origin), listen: host, port: port, options: options)
    }

    @Test(arguments: Variant.all, [Face.tcp, .udp])
    func twoListeners(variant: Variant, kind: Face) async throws {
        let v4 = try Engine.variant(
            variant, workers: 2,
            servers: [Self.server(kind, "0.0.0.0", port: 0, origin: 9, isOnly: false)])
        try await v4.start()
        let port = try #require(v4.listeners.first?.port)
        let both = try Engine.variant(
            variant, servers: [Self.server(kind, "", port: port, origin: 9, isOnly: false)])
        let error = await #expect(throws: EngineError.self) { try await both.start() }
        #expect(error?.errno?.name == "EADDRINUSE")
        for host in ["", "::"] {
            let v6 = try Engine.variant(
                variant, workers: 2,
                servers: [Self.server(kind, host, port: port, origin: 9, isOnly: true)])
            try await v6.start()
            #expect(v6.listeners.first?.port == port)
            await v6.stop()
        }
        await v4.stop()
    }

    /// Each client reaches the listener of its family.
    @Test(arguments: Variant.all) func clientsOfEach(variant: Variant) async throws {
        let origins = try [TestListener(), TestListener()]
        let v4 = try Engine.variant(
            variant,
            servers: [Self.server(.tcp, "0.0.0.0", port: 0, origin: origins[0].port, isOnly: false)]
        )
        try await v4.start()
        let port = try #require(v4.listeners.first?.port)
        let v6 = try Engine.variant(
            variant,
            servers: [Self.server(.tcp, "::", port: port, origin: origins[1].port, isOnly: true)])
        try await v6.start()
        let old = try Wire(toPort: port)
        let new = try Wire(toIPv6Port: port)
        try old.write("4")
        try new.write("6")
        #expect(try origins[0].accept().readText(1) == "4")
        #expect(try origins[1].accept().readText(1) == "6")
        await v4.stop()
        await v6.stop()
    }
}
