import Foundation
import Glibc
import Pelmeni
import TestSupport
import Testing

/// The receive buffers of an engine's UDP sockets, read from the kernel: both sides get the same.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct ReceiveBufferTests {
    /// The size that the kernel grants to all users.
    private static func limit() throws -> Int {
        let text = try String(contentsOfFile: "/proc/sys/net/core/rmem_max", encoding: .utf8)
        return try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    /// Ports of this process's sockets that have both a name and a peer, or a name alone.
    private static func room(ofSocket matches: (_ own: UInt16, _ peer: UInt16?) -> Bool) -> [Int] {
        (3..<Int32(4_096)).compactMap { socket in
            var kind: Int32 = 0
            var length = socklen_t(4)
            guard getsockopt(socket, SOL_SOCKET, SO_TYPE, &kind, &length) == 0,
                kind == Int32(SOCK_DGRAM.rawValue), let own = port(of: socket, getsockname),
                matches(own, port(of: socket, getpeername))
            else { return nil }
            var bytes: Int32 = 0
            length = 4
            guard getsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, &length) == 0 else {
                return nil
            }
            return Int(bytes) / 2
        }
    }

    private typealias NameCall = (
        Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>
    ) -> Int32

    private static func port(of socket: Int32, _ call: NameCall) -> UInt16? {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let error = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(socket, $0, &length) }
        }
        guard error == 0, address.sin_family == sa_family_t(AF_INET) else { return nil }
        return UInt16(bigEndian: address.sin_port)
    }

    private func expectRoom(
        _ crossing: Crossing, _ variant: Variant, asked: Int?, granted: Int
    ) async throws {
        let bridge = try await Bridge.start(crossing, variant) { $0.receiveBufferBytes = asked }
        let client = try bridge.client()
        try client.ask("?")
        if crossing.to == .udp {
            let origin = try bridge.origin.wire
            _ = try origin.receive()
            guard case .port(let port) = bridge.origin.name else { return }
            let upstream = Self.room { _, peer in peer == port }
            #expect(upstream == [granted], "\(crossing.testDescription)")
        }
        if crossing.from == .udp {
            let listening = bridge.engine.listeners.first?.port
            let listener = Self.room { own, peer in own == listening && peer == nil }
            #expect(listener == [granted], "\(crossing.testDescription)")
        }
        client.close()
        _ = await bridge.stop()
        let warnings = bridge.log.entries(from: .warning)
        #expect(warnings.isEmpty)
    }

    @Test(arguments: Variant.all) func bothSidesHaveTheSame(variant: Variant) async throws {
        let usual = min(4 << 20, try Self.limit())
        for crossing in [
            Crossing(from: .udp, to: .udp), Crossing(from: .tcp, to: .udp),
            Crossing(from: .udp, to: .tcp),
        ] {
            try await expectRoom(crossing, variant, asked: nil, granted: usual)
            try await expectRoom(crossing, variant, asked: 100_000, granted: 100_000)
        }
    }

    /// A larger size than the kernel grants to all users is granted, or a warning.
    @Test func moreThanTheKernelGrants() async throws {
        let asked = try Self.limit() + (1 << 20)
        let bridge = try await Bridge.start(Crossing(from: .udp, to: .udp), Variant.all[0]) {
            $0.receiveBufferBytes = asked
        }
        let listening = bridge.engine.listeners.first?.port
        let granted = Self.room { own, peer in own == listening && peer == nil }
        _ = await bridge.stop()
        let isTold = bridge.log.entries(from: .warning).contains {
            $0.message.contains("receive buffer")
        }
        #expect(isTold == (granted != [asked]))
    }
}
