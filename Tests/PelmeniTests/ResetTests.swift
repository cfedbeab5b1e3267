import CPelmeni
import Glibc
import Pelmeni
import TestSupport
import Testing

/// Resets at the worst moment: both sides see each, and no session stays.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(2))) struct ResetTests {
    /// An upstream sends and resets as soon as it has accepted, so that the bytes and the reset are
    /// there at the first read of its socket. A ring that misses the reset keeps the session.
    @Test(.alone, arguments: Variant.all, [5, 64 << 10])
    func aResetRightBehindBytes(variant: Variant, size: Int) async throws {
        let origin = try ResettingOrigin(size)
        let relay = try await Relay.start(
            variant, to: TCPClient("127.0.0.1", port: origin.listener.port), origin: origin.listener
        )
        let name = SocketName.port(try #require(relay.port))
        let (rounds, atOnce) = size < 1_000 ? (12, 100) : (2, 250)
        for _ in 0..<rounds {
            let crowd = Crowd()
            // All of them get the same stream.
            for _ in 0..<atOnce { try crowd.connect(1, to: name, firstKey: 0) }
            try crowd.run("each is reset") { $0.allSatisfy { $0.ending != nil } }
            #expect(crowd.members.allSatisfy { $0.ending == ECONNRESET }, "\(crowd.summary)")
            #expect(crowd.members.allSatisfy { $0.received <= size }, "\(crowd.summary)")
        }
        #expect(await relay.engine.drain(within: .seconds(10)) == 0, "sessions had to be cut off")
        let statistics = relay.engine.statistics
        // A reset before the end of the connect is a failed connect.
        #expect(Set(statistics.causes.keys).isSubset(of: [.upstreamReset, .connectRefused]))
        #expect(statistics.causes.values.reduce(0, +) == UInt64(rounds * atOnce))
        try origin.stop()
    }

    /// Upstreams send all their bytes and end as soon as they have accepted, and go on reading.
    /// Their clients get the bytes and the end, while they themselves go on sending: the other
    /// direction is never silent.
    @Test(arguments: Variant.all)
    func anEndRightBehindBytes(variant: Variant) async throws {
        let size = 5
        let origin = try ResettingOrigin(size, resets: false)
        let relay = try await Relay.start(
            variant, to: TCPClient("127.0.0.1", port: origin.listener.port), origin: origin.listener
        )
        let name = SocketName.port(try #require(relay.port))
        let crowd = Crowd()
        for _ in 0..<100 { try crowd.connect(1, to: name, firstKey: 0) }
        let patience = Patience()
        while crowd.members.contains(where: { $0.ending == nil }), !patience.isOver {
            crowd.change { $0.maySend += 1 }
            try crowd.run("each has said one more byte") { members in
                members.allSatisfy { $0.sent == $0.maySend || $0.ending != nil }
            }
            // A pace faster than the silence that a relay polls for.
            usleep(50_000)
        }
        #expect(
            crowd.members.allSatisfy { $0.ending == 0 && $0.received == size }, "\(crowd.summary)")
        for index in crowd.members.indices { crowd.close(index) }
        #expect(await relay.engine.drain(within: .seconds(10)) == 0, "sessions had to be cut off")
        #expect(relay.engine.statistics.causes == [.completed: 100])
        try origin.stop()
    }

    /// One side has sent half of its bytes, does not read, and resets while many bytes are in
    /// flight to it: the other side must not take the half for the whole. Only a send sees the
    /// reset.
    @Test(.alone, arguments: Variant.all, [true, false])
    func aResetUnderASend(variant: Variant, byClient: Bool) async throws {
        let relay = try await Relay.start(variant)
        // More than there are pipes: most streams go through blocks.
        let sessions = try (0..<48).map { _ in try relay.talkingSession() }
        let silent = sessions.map { byClient ? $0.client : $0.upstream }
        let speaking = sessions.map { byClient ? $0.upstream : $0.client }
        for wire in silent {
            var room: Int32 = 16 << 10
            setsockopt(wire.socket, SOL_SOCKET, SO_RCVBUF, &room, 4)
            try wire.write(Self.half)
        }
        for wire in speaking { #expect(try wire.readText(Self.half.utf8.count) == Self.half) }
        try Self.fill(speaking)
        for wire in silent { wire.reset() }
        var clean = 0
        for wire in speaking where try wire.readEnd() == .clean { clean += 1 }
        #expect(
            clean == 0, "\(clean) of \(speaking.count) saw the end of a message that was cut off")
        await relay.expect([byClient ? .clientReset : .upstreamReset: UInt64(sessions.count)])
    }

    private static let half = "the first half of"

    /// Sends until no socket accepts more for a while: the bytes in flight wait for a reader.
    private static func fill(_ wires: [Wire]) throws {
        let bytes = [UInt8](repeating: 0x41, count: 64 << 10)
        for wire in wires {
            var room: Int32 = 64 << 10
            setsockopt(wire.socket, SOL_SOCKET, SO_SNDBUF, &room, 4)
        }
        var polled = wires.map { pollfd(fd: $0.socket, events: Int16(POLLOUT), revents: 0) }
        let patience = Patience(.seconds(30))
        while poll(&polled, nfds_t(polled.count), 300) > 0 {
            if patience.isOver { throw patience.failure("nothing more goes out") }
            for (wire, seen) in zip(wires, polled) where seen.revents != 0 {
                let sent = pelmeni_socket_send(wire.socket, bytes, bytes.count)
                guard sent > 0 || sent == -Int(EAGAIN) else {
                    throw WireError("send", Int32(-sent))
                }
            }
        }
    }
}
