import Pelmeni
import PelmeniCore
import PelmeniTesting
import TestSupport
import Testing

/// Two streams of messages, each with a framing of its own: messages are cut from one stream, and
/// written anew on the other one.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct FramedStreamTests {
    private static let longest = 200_000

    /// The sizes of each engine's messages: with a fixed size all are of that size.
    private static func sizes(_ pair: FramedPair) -> [[Int]] {
        let long = pair.hasU16 ? 60_000 : longest
        guard !pair.isFixed else { return [[1, 1], [100, 100, 100], [16_384], [long, long]] }
        let least = pair.mayBeEmpty ? [0, 1, 0] : [1]
        return [least + [100, 16_384, 60_000, long, 2]]
    }

    @Test(arguments: FramedPair.all, World.all)
    func everySizePasses(pair: FramedPair, world: World) async throws {
        for sizes in Self.sizes(pair) {
            let sized = pair.sized(sizes[0])
            let books =
                switch world {
                case .real(let variant): try await pass(sizes, sized, variant)
                case .simulated: SimulatedFramedStreams(sized).everySize(sizes)
                }
            for books in books {
                #expect(books.causes == [.completed: 1], "\(sizes)")
                #expect(books.drops == [:])
                #expect(books.datagramsToUpstream == UInt64(sizes.count))
                #expect(books.datagramsToClient == UInt64(sizes.count))
            }
        }
    }

    private func pass(
        _ sizes: [Int], _ pair: FramedPair, _ variant: Variant
    ) async throws -> [Books] {
        let bridge = try await pair.start(variant, frameBytesMax: Self.longest)
        let session = try FramedSession(pair, bridge)
        try await session.pass(
            sizes.enumerated().map { pair.message($0, $1) }, session.toUpstream)
        try await session.pass(
            sizes.enumerated().map { pair.message(100 + $0, $1) }, session.toClient)
        session.client.finish()
        #expect(try session.upstream.readEnd() == .clean)
        session.upstream.finish()
        #expect(try session.client.readEnd() == .clean)
        return [Books(await bridge.stop())]
    }

    /// The bytes before the cut are read together with a whole message, which shows it.
    @Test(arguments: FramedPair.all, World.all)
    func messagesCutAtEveryOffset(pair: FramedPair, world: World) async throws {
        guard case .real(let variant) = world else {
            return SimulatedFramedStreams(pair).cutsAtEveryOffset()
        }
        let bridge = try await pair.start(variant)
        let session = try FramedSession(pair, bridge)
        let texts = pair.isFixed ? ["three", "of", "five"] : ["second", "", "x"]
        let messages = texts.map { text in
            pair.isFixed ? Array("\(text)-----".utf8.prefix(5)) : Array(text.utf8)
        }.filter { pair.mayBeEmpty || !$0.isEmpty }
        for way in [session.toUpstream, session.toClient] {
            let bytes = TestFrame.sent(way.framing, messages)
            let first = Array("first".utf8)
            for offset in 0...bytes.count {
                try way.from.write(TestFrame.bytes(way.framing, first) + bytes[..<offset])
                let shown = TestFrame.bytes(way.other, first)
                expectSame(try way.to.read(exactly: shown.count), shown, "before \(offset)")
                try way.from.write(bytes[offset...])
                let wanted = TestFrame.all(way.other, messages)
                expectSame(try way.to.read(exactly: wanted.count), wanted, "cut at \(offset)")
            }
        }
        session.client.close()
        session.upstream.close()
        #expect(await bridge.stop().drops == [:])
    }

    /// One framing, given for either end, holds for both. So does one `frameBytesMax`.
    @Test(arguments: Variant.all) func oneFramingHoldsForBoth(variant: Variant) async throws {
        for isOfClient in [false, true] {
            let origin = try TestListener()
            let client = TCPClient(
                "127.0.0.1", port: origin.port, framing: isOfClient ? .line : nil,
                frameBytesMax: isOfClient ? 3 : nil)
            let relay = try await Relay.start(variant, to: client, origin: origin) {
                $0.framing = isOfClient ? nil : .line
                $0.frameBytesMax = isOfClient ? nil : 3
                $0.lingerTimeout = .after(.milliseconds(300))
            }
            let (near, far) = try relay.session()
            // Not as it came: the carriage return belongs to the line's end.
            try near.write("abc\r\n")
            #expect(try far.readText(4) == "abc\n")
            try far.write("def\r\n")
            #expect(try near.readText(4) == "def\n")
            try far.write("long")
            #expect(try near.readEnd() == .reset)
            #expect(try far.readEnd() == .reset)
            await relay.expect([.badFrame: 1])
        }
    }

    /// The last byte of a message may be the one that ends it: it is not written twice. One inside
    /// makes several messages.
    @Test(arguments: Variant.all) func theDelimiterInside(variant: Variant) async throws {
        let pair = FramedPair(.streams, .u32be, .line)
        let bridge = try await pair.start(variant)
        let session = try FramedSession(pair, bridge)
        try session.client.write(
            TestFrame.bytes(.u32be, "one\n") + TestFrame.bytes(.u32be, "two\nthree"))
        #expect(try session.upstream.readText(14) == "one\ntwo\nthree\n")
        session.client.close()
        session.upstream.close()
        #expect(await bridge.stop().drops == [:])
    }
}
