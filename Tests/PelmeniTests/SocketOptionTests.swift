import Foundation
import Glibc
import Pelmeni
import TestSupport
import Testing

/// Options of an engine's sockets, read from the kernel: both sides get the same.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct SocketOptionTests {
    /// A pair's sockets by what they are for.
    private struct Sockets {
        var listeners: [Int32] = []
        var accepted: [Int32] = []
        var upstreams: [Int32] = []
    }

    /// The size that the kernel grants to all users.
    private static func limit(_ name: String = "rmem_max") throws -> Int {
        let text = try String(contentsOfFile: "/proc/sys/net/core/\(name)", encoding: .utf8)
        return try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    private typealias NameCall = (
        Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>
    ) -> Int32

    /// A port, or the name of a Unix socket; nil for a socket without one.
    private static func name(of socket: Int32, _ call: NameCall) -> String? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let error = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(socket, $0, &length) }
        }
        guard error == 0 else { return nil }
        return withUnsafeBytes(of: storage) { bytes in
            switch Int32(storage.ss_family) {
            case AF_INET, AF_INET6: return "\(Int(bytes[2]) << 8 | Int(bytes[3]))"
            case AF_UNIX:
                let path = bytes[2..<max(2, Int(length))].prefix { $0 != 0 }
                return path.isEmpty ? nil : String(decoding: path, as: UTF8.self)
            default: return nil
            }
        }
    }

    private static func key(_ name: SocketName) -> String {
        switch name {
        case .port(let port): "\(port)"
        case .path(let path): path
        }
    }

    /// This process's sockets of a pair; those of the test itself have other names or peers.
    private static func sockets(of bridge: Bridge) -> Sockets {
        let (near, far) = (key(bridge.name), key(bridge.origin.name))
        var found = Sockets()
        for socket in 3..<Int32(4_096) {
            let own = name(of: socket, getsockname)
            let peer = name(of: socket, getpeername)
            if own == near {
                let isOpen = DatagramWire.option(socket, SOL_SOCKET, SO_ACCEPTCONN) == 1
                let isStream =
                    DatagramWire.option(socket, SOL_SOCKET, SO_TYPE) == Int32(SOCK_STREAM.rawValue)
                if isStream, !isOpen {
                    found.accepted.append(socket)
                } else {
                    found.listeners.append(socket)
                }
            }
            if peer == far { found.upstreams.append(socket) }
        }
        return found
    }

    private static func size(_ socket: Int32, _ option: Int32) -> Int {
        Int(DatagramWire.option(socket, SOL_SOCKET, option) ?? 0) / 2
    }

    /// A session is open at both ends while `body` looks.
    private func withSession(
        _ crossing: Crossing, _ variant: Variant, _ change: (inout PairOptions) -> Void,
        _ body: (Sockets) throws -> Void
    ) async throws {
        let bridge = try await Bridge.start(crossing, variant, change)
        let client = try bridge.client()
        try client.ask("?")
        if crossing.to.isStream {
            let upstream = try bridge.origin.accept()
            _ = try upstream.read()
            try body(Self.sockets(of: bridge))
            upstream.close()
        } else {
            _ = try bridge.origin.wire.receive()
            try body(Self.sockets(of: bridge))
        }
        client.close()
        _ = await bridge.stop()
        #expect(bridge.log.entries(from: .warning).isEmpty)
    }

    /// Every socket of every pair has the sizes that were asked for, also a size that a listener
    /// passes to the sockets it accepts.
    @Test(arguments: Variant.all) func buffersAsAsked(variant: Variant) async throws {
        for crossing in Crossing.all {
            let isUnix = crossing.from.isUnix && crossing.to.isUnix
            try await withSession(crossing, variant) {
                $0.receiveBufferBytes = isUnix ? nil : 100_000
                $0.sendBufferBytes = 150_000
            } _: { sockets in
                #expect(sockets.listeners.count == 1, "\(crossing.testDescription)")
                #expect(sockets.upstreams.count == 1, "\(crossing.testDescription)")
                #expect(sockets.accepted.count == (crossing.from.isStream ? 1 : 0))
                // A Unix listener hands nothing on, and receives nothing itself.
                let listeners = crossing.from.isUnix ? [] : sockets.listeners
                for socket in listeners + sockets.accepted + sockets.upstreams {
                    let text: Comment = "\(crossing.testDescription), \(socket) of \(sockets)"
                    #expect(Self.size(socket, SO_SNDBUF) == 150_000, text)
                    let receiving = Self.size(socket, SO_RCVBUF)
                    #expect(isUnix || receiving == 100_000, text)
                }
            }
        }
    }

    /// Without a size the kernel's own choice holds, but for UDP.
    @Test(arguments: Variant.all) func buffersByDefault(variant: Variant) async throws {
        let usual = min(4 << 20, try Self.limit())
        for crossing in [
            Crossing(from: .udp, to: .udp), Crossing(from: .tcp, to: .udp),
            Crossing(from: .udp, to: .tcp), Crossing(from: .tcp, to: .tcp),
        ] {
            try await withSession(crossing, variant) { _ in
            } _: { sockets in
                let listeners = sockets.listeners.map { Self.size($0, SO_RCVBUF) }
                let upstreams = sockets.upstreams.map { Self.size($0, SO_RCVBUF) }
                #expect((listeners == [usual]) == (crossing.from == .udp), "\(listeners)")
                #expect((upstreams == [usual]) == (crossing.to == .udp), "\(upstreams)")
            }
        }
    }

    /// A larger size than the kernel grants to all users is granted, or a warning, whatever the
    /// pair.
    @Test(arguments: [
        Crossing(from: .udp, to: .udp), Crossing(from: .tcp, to: .tcp),
        Crossing(from: .unix, to: .tcp),
    ])
    func moreThanTheKernelGrants(crossing: Crossing) async throws {
        let (receive, send) = (
            try Self.limit() + (1 << 20), try Self.limit("wmem_max") + (1 << 20)
        )
        let bridge = try await Bridge.start(crossing, Variant.all[0]) {
            $0.receiveBufferBytes = receive
            $0.sendBufferBytes = send
        }
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let mine = socket(AF_INET, kind, 0)
        var bytes = Int32(receive)
        // SO_RCVBUFFORCE, which Glibc does not have.
        let isPrivileged = setsockopt(mine, SOL_SOCKET, 33, &bytes, 4) == 0
        close(mine)
        _ = await bridge.stop()
        let warnings = bridge.log.entries(from: .warning).map(\.message)
        for buffer in ["receive", "send"] {
            let isTold = warnings.contains { $0.contains("smaller \(buffer) buffer") }
            #expect(isTold == !isPrivileged, "\(warnings)")
        }
    }

    /// IP_MTU_DISCOVER of each UDP socket: IP_PMTUDISC_PROBE is 3, and the kernel's usual is 1.
    @Test(arguments: Variant.all, [true, false])
    func fragmentsAreRefused(variant: Variant, keeps: Bool) async throws {
        for crossing in [
            Crossing(from: .udp, to: .udp), Crossing(from: .tcp, to: .udp),
            Crossing(from: .udp, to: .tcp),
        ] {
            try await withSession(crossing, variant) {
                $0.keepsDF = keeps
            } _: { sockets in
                let near = crossing.from == .udp ? sockets.listeners : []
                let far = crossing.to == .udp ? sockets.upstreams : []
                #expect(near.count + far.count > 0)
                for socket in near + far {
                    let found = DatagramWire.option(socket, Int32(IPPROTO_IP), IP_MTU_DISCOVER)
                    #expect(found == (keeps ? IP_PMTUDISC_PROBE : IP_PMTUDISC_WANT))
                }
            }
        }
    }
}
