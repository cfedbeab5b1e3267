import Foundation
import Pelmeni
import PelmeniCore
import PelmeniRuntime
import TestSupport
import Testing

/// The embedder's framings, in the whole engine.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct CustomFramingTests {
    /// One byte of length, as many bytes, and a skipped trailer.
    private struct Lined: HeaderFraming {
        let name = "lined"
        let headerMax = 1

        func read(header: Span<UInt8>) -> FramingStep {
            .payload(after: 1, length: Int(header[0]), trailer: 2)
        }

        func write(around payload: Span<UInt8>) -> FrameEnvelope? {
            var envelope = FrameEnvelope()
            envelope.putBefore(lowFirst: UInt64(payload.count), bytes: 1)
            envelope.putAfter(highFirst: 0x0d0a, bytes: 2)
            return envelope
        }
    }

    /// Gives an impossible answer.
    private struct Broken: MessageFraming {
        let name = "broken"
        var step = FramingStep.payload(length: -1)

        func read(_ bytes: Span<UInt8>, _ state: inout FramingState) -> FramingStep { step }

        func write(around payload: Span<UInt8>) -> FrameEnvelope? { nil }
    }

    /// A framing, and its bytes for a message.
    struct Sample: Sendable, CustomTestStringConvertible {
        let framing: CustomFraming
        let framed: @Sendable ([UInt8]) -> [UInt8]

        var testDescription: String { framing.name }
    }

    static let marked = Sample(framing: CustomFraming(MarkedLength())) { message in
        [0xa5, UInt8(message.count & 0xff), UInt8(message.count >> 8), 0] + message
    }
    static let samples = [
        marked,
        Sample(framing: CustomFraming(Lined())) { [UInt8($0.count)] + $0 + [0x0d, 0x0a] },
    ]
    private static let toUDP = Crossing(from: .tcp, to: .udp)
    private static let toTCP = Crossing(from: .udp, to: .tcp)
    private static let batches = 10

    /// Ten messages, an empty one among them; different ones in each batch.
    private func messages(_ batch: Int) -> [[UInt8]] {
        (0..<10).map { Pattern.shared.stream(key: batch * 10 + $0, count: (batch + $0 * 51) % 256) }
    }

    /// Writes all of them, with one cut.
    private func write(_ messages: [[UInt8]], _ sample: Sample, to wire: Wire, cut: Int) throws {
        let stream = messages.flatMap(sample.framed)
        let at = cut * 97 % stream.count
        try wire.write(stream[..<at])
        try wire.write(stream[at...])
    }

    private func reasons(_ bridge: Bridge, from level: LogEntry.Level) -> [String] {
        bridge.log.entries(from: level).flatMap(\.fields).filter { $0.key == "reason" }.map(\.value)
    }

    @Test(arguments: samples, Variant.all)
    func aHundredFromAStream(sample: Sample, variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toUDP, variant) {
            $0.framing = .custom(sample.framing)
        }
        let origin = try bridge.origin.wire
        let client = try Wire(to: bridge.name)
        for batch in 0..<Self.batches {
            let messages = messages(batch)
            try write(messages, sample, to: client, cut: batch)
            for message in messages {
                let (asked, from) = try origin.receive()
                #expect(asked == message, "batch \(batch); seed \(Pattern.processSeed)")
                try origin.send(asked.reversed(), to: from)
            }
            let wanted = messages.flatMap { sample.framed($0.reversed()) }
            #expect(try client.read(exactly: wanted.count) == wanted, "batch \(batch)")
        }
        let statistics = await bridge.stop()
        #expect(statistics.drops == [:] && statistics.accepted == 1)
        #expect(statistics.datagramsToUpstream == 100 && statistics.datagramsToClient == 100)
    }

    @Test(arguments: samples, Variant.all)
    func aHundredToAStream(sample: Sample, variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toTCP, variant) {
            $0.framing = .custom(sample.framing)
        }
        let client = try bridge.client()
        var upstream: Wire?
        for batch in 0..<Self.batches {
            let messages = messages(batch)
            for message in messages { try client.ask(message) }
            let origin = try upstream ?? bridge.origin.accept()
            upstream = origin
            let wanted = messages.flatMap(sample.framed)
            #expect(try origin.read(exactly: wanted.count) == wanted, "batch \(batch)")
            try write(messages.map { $0.reversed() }, sample, to: origin, cut: batch)
            for message in messages {
                #expect(try client.answer() == message.reversed(), "batch \(batch)")
            }
        }
        let statistics = await bridge.stop()
        #expect(statistics.drops == [:] && statistics.accepted == 1)
        #expect(statistics.datagramsToUpstream == 100 && statistics.datagramsToClient == 100)
    }

    /// Blocks that are forwarded in place, with a header before the payload.
    @Test(arguments: [toUDP, toTCP], Variant.all)
    func longMessages(crossing: Crossing, variant: Variant) async throws {
        let sample = Self.marked
        let bridge = try await Bridge.start(crossing, variant) {
            $0.framing = .custom(sample.framing)
        }
        let client = try bridge.client()
        var upstream: Wire?
        for size in [20_000, 65_507] {
            let message = Pattern.shared.stream(key: size, count: size)
            guard case .stream(let wire) = client else {
                try client.ask(message)
                let origin = try upstream ?? bridge.origin.accept()
                upstream = origin
                #expect(try origin.read(exactly: size + 4) == sample.framed(message))
                try origin.write(sample.framed(message.reversed()))
                #expect(try client.answer() == message.reversed())
                continue
            }
            try wire.write(sample.framed(message))
            let (asked, from) = try bridge.origin.wire.receive()
            #expect(asked == message)
            try bridge.origin.wire.send(message.reversed(), to: from)
            #expect(try wire.read(exactly: size + 4) == sample.framed(message.reversed()))
        }
        #expect(await bridge.stop().drops == [:])
    }

    // MARK: Faults

    @Test(arguments: Variant.all) func aStreamThatIsRefused(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toUDP, variant) {
            $0.framing = .custom(Self.marked.framing)
            $0.frameBytesMax = 100
            $0.lingerTimeout = .after(.milliseconds(300))
        }
        let origin = try bridge.origin.wire
        // Without the marker; too long, by its length; and an end inside.
        for bad in [[0xa6], [0xa5, 101, 0, 0], [0xa5, 1]] as [[UInt8]] {
            let client = try Wire(to: bridge.name)
            try client.write(Self.marked.framed([1, 2, 3]) + bad)
            #expect(try origin.receive().bytes == [1, 2, 3])
            client.finish()
            #expect(try client.readEnd() == .reset, "\(bad)")
        }
        #expect(await bridge.stop().causes == [.badFrame: 3])
        #expect(
            reasons(bridge, from: .info) == [
                "the mark is missing", FrameError.tooLong.description,
                FrameError.cutShort.description,
            ])
    }

    @Test(arguments: Variant.all) func anUpstreamThatIsRefused(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toTCP, variant) {
            $0.framing = .custom(Self.marked.framing)
        }
        let client = try bridge.client()
        for number in UInt8(1)...2 {
            try client.ask([number])
            let origin = try bridge.origin.accept()
            #expect(try origin.read(exactly: 5) == Self.marked.framed([number]))
            try origin.write(Self.marked.framed([number, number]) + [0])
            #expect(try client.answer() == [number, number])
            #expect(try origin.readEnd() == .reset)
            try bridge.wait("session \(number) is over") { $0.open == 0 }
        }
        #expect(await bridge.stop().causes == [.badFrame: 2])
    }

    /// The framing is wrong: its stream is closed, and the program gets a log entry. Others
    /// continue.
    @Test(arguments: Variant.all) func aBrokenFraming(variant: Variant) async throws {
        for step in [
            FramingStep.payload(length: -1), .payload(after: 2, length: 1), .payload(length: 0),
        ] {
            let bridge = try await Bridge.start(Self.toUDP, variant) {
                $0.framing = .custom(CustomFraming(Broken(step: step)))
            }
            for _ in 0..<2 {
                let client = try Wire(to: bridge.name)
                try client.write([1])
                #expect(try client.readEnd() == .reset)
            }
            #expect(await bridge.stop().causes == [.badFrame: 2])
            let told = FrameError.brokenFraming.description
            #expect(reasons(bridge, from: .warning) == [told, told])
        }
    }

    /// 300 does not fit one byte: that datagram is dropped alone.
    @Test(arguments: Variant.all) func whatCannotBeWritten(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toTCP, variant) {
            $0.framing = .custom(Self.samples[1].framing)
        }
        let client = try bridge.client()
        try client.ask([1])
        try client.ask([UInt8](repeating: 7, count: 300))
        try client.ask([2])
        let origin = try bridge.origin.accept()
        #expect(try origin.read(exactly: 8) == [1, 1, 0x0d, 0x0a, 1, 2, 0x0d, 0x0a])
        #expect(await bridge.stop().drops == [.oversize: 1])
    }

    // MARK: The guide

    /// The framing of the guide is tested here.
    @Test func theGuideShowsThisCode() throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let code = try String(
            contentsOf: here.appending(path: "Support/MarkedLength.swift"), encoding: .utf8)
        let guide = try String(
            contentsOf: here.appending(path: "../../docs/guide/bridges.md"), encoding: .utf8)
        let shown = try #require(code.split(separator: "\n\n", maxSplits: 1).last)
        #expect(guide.contains(shown))
    }

    /// The rest of the guide's example.
    @Test func thePairOfTheGuide() {
        let marked = CustomFraming(MarkedLength())
        let pair = TCPServer(
            UDPClient("127.0.0.1", port: 9000), listen: "127.0.0.1", port: 9001,
            framing: .custom(marked))
        #expect(pair.options.framing == .custom(marked))
        #expect(pair.options.framing?.description == "marked-length")
    }
}
