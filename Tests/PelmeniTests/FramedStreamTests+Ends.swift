import Pelmeni
import PelmeniCore
import TestSupport
import Testing

/// How two streams of messages end: behind the messages, or with a reset that neither side can take
/// for an end.
extension FramedStreamTests {
    private static let pairs = [
        FramedPair(.streams, .octetCount, .u32be),
        FramedPair(Crossing(from: .unix, to: .unix), .octetCount, .u32be),
    ]

    /// What is no message: a wrong length, one too long, an end inside a length and in a message.
    private static let badEnds: [(bytes: String, ends: Bool, error: FrameError)] = [
        ("x9 ", false, .notALength), ("101 ", false, .tooLong), ("9", true, .cutShort),
        ("9 cut", true, .cutShort),
    ]

    private func frames(_ framing: Framing, _ texts: String...) -> [UInt8] {
        texts.flatMap { TestFrame.bytes(framing, $0) }
    }

    // MARK: In order

    @Test(arguments: [Crossing.streams, Crossing(from: .unix, to: .unix)], World.all)
    func halfClosesPass(crossing: Crossing, world: World) async throws {
        let pair = FramedPair(crossing, .line, .u32be)
        guard case .real(let variant) = world else {
            return SimulatedFramedStreams(pair).halfCloses()
        }
        let bridge = try await pair.start(variant) { $0.lingerTimeout = .never }
        // The client ends first. The end of its stream ends the last line.
        let one = try FramedSession(pair, bridge)
        try one.client.write("one\ntwo")
        one.client.finish()
        #expect(try one.upstream.readAll() == (frames(.u32be, "one", "two"), .clean))
        try await one.pass([[0x31], pair.message(1, 60_000)], one.toClient)
        one.upstream.finish()
        #expect(try one.client.readEnd() == .clean)
        // The upstream does.
        let other = try FramedSession(pair, bridge)
        try other.upstream.write(frames(.u32be, "hello", ""))
        other.upstream.finish()
        #expect(try other.client.readAll() == (Array("hello\n\n".utf8), .clean))
        try await other.pass([[0x32], pair.message(2, 60_000)], other.toUpstream)
        other.client.finish()
        #expect(try other.upstream.readEnd() == .clean)
        let statistics = await bridge.stop()
        #expect(statistics.causes == [.completed: 2])
        #expect(statistics.drops == [:])
    }

    /// A session that is silent within a message ends by its deadline.
    @Test(arguments: Variant.all) func idleAndHalfAMessage(variant: Variant) async throws {
        let pair = FramedPair(.streams, .octetCount, .u32be)
        let bridge = try await pair.start(variant) { $0.idleTimeout = .after(.milliseconds(300)) }
        let session = try FramedSession(pair, bridge)
        try session.client.write(frames(.octetCount, "whole") + Array("9 half".utf8))
        let (bytes, end) = try session.upstream.readAll()
        expectSame(bytes, frames(.u32be, "whole"))
        #expect(end == .reset)
        #expect(try session.client.readEnd() == .reset)
        #expect(await bridge.stop().causes == [.idle: 1])
    }

    // MARK: A client's bad frame

    /// What ends a session whose client has sent what is no message.
    enum LastWord: String, CaseIterable, Sendable {
        case upstream
        case linger
        case idle
    }

    @Test(arguments: pairs, World.all)
    func answersPassABadFrame(pair: FramedPair, world: World) async throws {
        guard case .real(let variant) = world else {
            return SimulatedFramedStreams(pair).aClientThatIsBad()
        }
        for bad in Self.badEnds {
            for word in LastWord.allCases {
                try await answersPass(bad, word, pair, variant)
            }
        }
    }

    private func answersPass(
        _ bad: (bytes: String, ends: Bool, error: FrameError), _ word: LastWord,
        _ pair: FramedPair, _ variant: Variant
    ) async throws {
        let soon = Timeout.after(.milliseconds(200))
        let bridge = try await pair.start(variant, frameBytesMax: 100) {
            $0.lingerTimeout = word == .linger ? soon : .never
            $0.idleTimeout = word == .idle ? soon : .never
        }
        let session = try FramedSession(pair, bridge)
        try session.client.write(frames(pair.near, "one", "two") + Array(bad.bytes.utf8))
        if bad.ends { session.client.finish() }
        let wanted = frames(pair.far, "one", "two")
        expectSame(try session.upstream.read(exactly: wanted.count), wanted, bad.bytes)
        try session.waitForBadFrame(bad.error)
        for answer in ["first", "second"] {
            try session.upstream.write(TestFrame.bytes(pair.far, answer))
            let answered = TestFrame.bytes(pair.near, answer)
            expectSame(try session.client.read(exactly: answered.count), answered, bad.bytes)
        }
        if word == .upstream {
            // All in one: its last answer, and its end.
            try session.upstream.write(frames(pair.far, "third"))
            session.upstream.finish()
        }
        try await session.expectResets(
            client: word == .upstream ? frames(pair.near, "third") : [])
    }

    /// Without a message before it there is nothing to wait for.
    @Test(arguments: Variant.all) func aBadFrameAtOnce(variant: Variant) async throws {
        let pair = Self.pairs[0]
        let bridge = try await pair.start(variant) {
            $0.lingerTimeout = .never
            $0.idleTimeout = .never
        }
        let session = try FramedSession(pair, bridge)
        try session.client.write("GET / HTTP/1.1\r\n\r\n")
        try await session.expectResets()
    }

    // MARK: An upstream's

    @Test(arguments: pairs, World.all)
    func whatAnUpstreamSentBeforeABadFrame(pair: FramedPair, world: World) async throws {
        let pair = FramedPair(pair.crossing, pair.far, pair.near)
        guard case .real(let variant) = world else {
            return SimulatedFramedStreams(pair).anUpstreamThatIsBad()
        }
        for bad in Self.badEnds {
            let bridge = try await pair.start(variant, frameBytesMax: 100) {
                $0.lingerTimeout = .never
                $0.idleTimeout = .never
            }
            let session = try FramedSession(pair, bridge)
            try await session.pass([[0x3f]], session.toUpstream)
            try session.upstream.write(frames(pair.far, "one", "two") + Array(bad.bytes.utf8))
            if bad.ends { session.upstream.finish() }
            try await session.expectResets(client: frames(pair.near, "one", "two"))
        }
    }

    /// In one loop: the simulated kernel has many messages at hand both ways.
    @Test(arguments: pairs) func aBadFrameBehindMany(pair: FramedPair) {
        SimulatedFramedStreams(pair).badFramesBehindMany()
    }

    // MARK: A message without a form in the other framing

    /// The other framing, and a message that it cannot write, behind one that it can.
    private static let unwritable: [(framing: Framing, lengths: [Int])] = [
        (.u16be, [5, 65_536]), (.octetCount, [5, 0]), (.fixed(5), [5, 6]), (.fixed(5), [5, 0]),
    ]

    @Test(arguments: [Crossing.streams, Crossing(from: .unix, to: .unix)], World.all)
    func aMessageThatCannotBeWritten(crossing: Crossing, world: World) async throws {
        for (framing, lengths) in Self.unwritable {
            let pair = FramedPair(crossing, .u32be, framing)
            switch world {
            case .real(let variant):
                try await cannotWrite(pair, lengths, variant)
                try await cannotWriteToClient(
                    FramedPair(crossing, framing, .u32be), lengths, variant)
            case .simulated where !lengths.contains(0):
                SimulatedFramedStreams(pair).aMessageThatCannotBeWritten(lengths)
            case .simulated: break
            }
        }
    }

    /// The client's: the message before it has its answer.
    private func cannotWrite(
        _ pair: FramedPair, _ lengths: [Int], _ variant: Variant
    ) async throws {
        let bridge = try await pair.start(variant, frameBytesMax: 100_000) {
            $0.lingerTimeout = .after(.milliseconds(300))
        }
        let session = try FramedSession(pair, bridge)
        let messages = lengths.enumerated().map { pair.message($0, $1) }
        try session.client.write(TestFrame.all(pair.near, messages + [[1, 2, 3, 4, 5]]))
        let wanted = TestFrame.all(pair.far, [messages[0]])
        expectSame(try session.upstream.read(exactly: wanted.count), wanted)
        try session.waitForBadFrame(.unwritable)
        try session.upstream.write(TestFrame.all(pair.far, [messages[0]]))
        try await session.expectResets(client: TestFrame.all(pair.near, [messages[0]]))
    }

    /// The upstream's.
    private func cannotWriteToClient(
        _ pair: FramedPair, _ lengths: [Int], _ variant: Variant
    ) async throws {
        let bridge = try await pair.start(variant, frameBytesMax: 100_000) {
            $0.lingerTimeout = .never
            $0.idleTimeout = .never
        }
        let session = try FramedSession(pair, bridge)
        let messages = lengths.enumerated().map { pair.message($0, $1) }
        try session.upstream.write(TestFrame.all(pair.far, messages))
        try session.waitForBadFrame(.unwritable)
        try await session.expectResets(client: TestFrame.all(pair.near, [messages[0]]))
    }
}
