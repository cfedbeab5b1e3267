import CPelmeni
import Glibc
import Pelmeni
import TestSupport
import Testing

/// Resets that come at the worst moment: both sides are told of each, and no session stays.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(2))) struct ResetTests {
    /// An upstream sends and resets as soon as it has accepted, so that bytes and the reset are
    /// there when its socket is read for the first time. A ring that is not told of the reset keeps
    /// the session.
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
        // A reset that is there before the connect has ended is a connect that failed.
        #expect(Set(statistics.causes.keys).isSubset(of: [.upstreamReset, .connectRefused]))
        #expect(statistics.causes.values.reduce(0, +) == UInt64(rounds * atOnce))
        try origin.stop()
    }

    /// Upstreams say all they have to say as soon as they have accepted, and go on listening. Their
    /// clients get it, and the end, while they themselves go on talking: the other way is never
    /// silent.
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
            // A pace: faster than a silence that a relay would look into.
            usleep(50_000)
        }
        #expect(
            crowd.members.allSatisfy { $0.ending == 0 && $0.received == size }, "\(crowd.summary)")
        for index in crowd.members.indices { crowd.close(index) }
        #expect(await relay.engine.drain(within: .seconds(10)) == 0, "sessions had to be cut off")
        #expect(relay.engine.statistics.causes == [.completed: 100])
        try origin.stop()
    }

    /// One side has said half of what it has to say, does not read, and resets while much is on its
    /// way towards it: the other side must not take the half for the whole. The kernel tells a send
    /// of the reset, and nobody else.
    @Test(.alone, arguments: Variant.all, [true, false])
    func aResetUnderASend(variant: Variant, byClient: Bool) async throws {
        let relay = try await Relay.start(variant)
        // More than there are pipes: most go through blocks.
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

    /// Sends until nothing more goes out on any of them for a while: what is on its way waits for a
    /// reader.
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
