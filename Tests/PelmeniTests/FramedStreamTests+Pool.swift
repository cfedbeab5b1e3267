import Pelmeni
import PelmeniCore
import TestSupport
import Testing

/// Two streams of messages over a pool that is too small for all of them.
extension FramedStreamTests {
    /// 32 small blocks and 2 bulk blocks.
    private static let smallPool = 1 << 20

    /// Many sessions begin a message, and do not go on: short ones that hold small blocks, and long
    /// ones that hold bulk blocks. Sessions that have gone longest without progress give way.
    @Test(arguments: [100, 40_000], World.all)
    func messagesThatDoNotGoOnSilenceNoOther(length: Int, world: World) async throws {
        let pair = FramedPair(.streams, .u32be, .line)
        guard case .real(let variant) = world else {
            return SimulatedFramedStreams(pair).aSmallPool()
        }
        for isOfClients in [true, false] {
            let bridge = try await pair.start(variant, poolBytes: Self.smallPool)
            let sessions = try (0..<50).map { _ in try FramedSession(pair, bridge) }
            let half = TestFrame.bytes(.u32be, pair.message(1, length)).prefix(4 + length / 2)
            for session in sessions {
                if isOfClients {
                    try session.client.write(half)
                } else {
                    // Lines: no byte of it ends one.
                    try session.upstream.write(half.dropFirst(4))
                }
            }
            // A message that has just begun is waited for, at 15 µs a byte: until then a newcomer
            // gives way.
            let patience = Patience()
            while try await !isServed(pair, bridge) {
                if patience.isOver { throw patience.failure("another session is served") }
            }
            try bridge.wait("it is over") { $0.causes[.completed] == 1 }
            let statistics = await bridge.stop()
            #expect(statistics.causes[.pool] != nil)
            #expect(Set(statistics.causes.keys).isSubset(of: [.completed, .pool, .drainCut]))
        }
    }
    /// Whether a new session has all its exchanges; false when it was reset for its blocks.
    private func isServed(_ pair: FramedPair, _ bridge: Bridge) async throws -> Bool {
        let session = try FramedSession(pair, bridge)
        do {
            for number in 0..<3 {
                let messages = [[0x3f], pair.message(number, 50_000)]
                try await session.pass(messages, session.toUpstream)
                try await session.pass(messages, session.toClient)
            }
        } catch is WireError {
            return false
        }
        session.client.finish()
        #expect(try session.upstream.readEnd() == .clean)
        session.upstream.finish()
        #expect(try session.client.readEnd() == .clean)
        return true
    }
}
