import Pelmeni
import PelmeniCore
import TestSupport
import Testing

/// Two streams of messages under load: what waits is bounded, and nothing of it is dropped.
extension FramedStreamTests {
    private static let message = 60_000
    /// 24 MB of them: more than the kernel and a leg's queue hold.
    private static let messages = 400
    /// The kernel holds about 5 MB for a receiver that does not read.
    private static let heldMost: UInt64 = 9 << 20

    @Test(arguments: [Crossing.streams, Crossing(from: .unix, to: .unix)], World.all)
    func anUpstreamThatDoesNotRead(crossing: Crossing, world: World) async throws {
        let pair = FramedPair(crossing, .u32be, .octetCount)
        guard case .real(let variant) = world else {
            return SimulatedFramedStreams(pair).anUpstreamThatDoesNotRead()
        }
        let bridge = try await pair.start(variant) { $0.lingerTimeout = .never }
        let session = try FramedSession(pair, bridge)
        let messages = (0..<Self.messages).map { pair.message($0, Self.message) }
        let writing = beside {
            try session.client.write(TestFrame.all(pair.near, messages))
            session.client.finish()
        }
        try waitUntilStill(bridge)
        #expect(bridge.engine.statistics.bytesToUpstream < Self.heldMost)
        // The other way is open.
        try await session.pass([[0x3f], pair.message(1, 200)], session.toClient)
        let (bytes, end) = try session.upstream.readAll()
        expectSame(bytes, TestFrame.all(pair.far, messages))
        // Its end is behind them.
        #expect(end == .clean)
        try await writing.value
        session.upstream.finish()
        #expect(try session.client.readEnd() == .clean)
        let statistics = await bridge.stop()
        #expect(statistics.causes == [.completed: 1])
        #expect(statistics.drops == [:])
        #expect(statistics.datagramsToUpstream == UInt64(Self.messages))
    }

    /// The engine has read what it reads, and no more.
    private func waitUntilStill(_ bridge: Bridge) throws {
        var last: UInt64 = 0
        var looks = 0
        try bridge.wait("reading has stopped") {
            looks = $0.bytesToUpstream == last && last > 0 ? looks + 1 : 0
            last = $0.bytesToUpstream
            return looks > 100
        }
    }
    /// Frames may be several times as long as the messages of a block: what is queued is bounded
    /// too, not only what is read.
    @Test(arguments: Variant.all) func shortMessagesDoNotFillThePool(
        variant: Variant
    ) async throws {
        let pair = FramedPair(Crossing(from: .unix, to: .unix), .line, .u32be)
        let bridge = try await pair.start(variant)
        let session = try FramedSession(pair, bridge)
        // Long ones first, so that a receive brings as much as it may.
        let long = (0..<20).map { pair.message($0, Self.message) }
        try await session.pass(long, session.toUpstream)
        let leased = { bridge.engine.statistics.workers.reduce(0) { $0 + $1.blocksLeased } }
        let before = leased()
        // Empty lines: four bytes of length for each byte.
        let count = 400_000
        let writing = beside {
            try session.client.write([UInt8](repeating: 0x0a, count: count))
            session.client.finish()
        }
        try waitUntilStill(bridge)
        // 256 KiB of them, and the rest of a receive.
        #expect(leased() < before + 32)
        let (bytes, end) = try session.upstream.readAll()
        expectSame(bytes, [UInt8](repeating: 0, count: 4 * count))
        #expect(end == .clean)
        try await writing.value
        session.client.close()
        session.upstream.close()
        #expect(await bridge.stop().drops == [:])
    }
}
