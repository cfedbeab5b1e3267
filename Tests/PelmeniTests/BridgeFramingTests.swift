import Pelmeni
import PelmeniCore
import TestSupport
import Testing

/// Messages cut from streams: at every cut of the reads, and with invalid frames.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct BridgeFramingTests {
    /// The stream of a pair of a stream and datagrams, and the socket at its other side.
    private struct Ends {
        let bridge: Bridge
        let stream: Wire
        let datagrams: DatagramWire
        /// The destination of datagrams, when their socket is not connected.
        let address: DatagramAddress?

        /// Opens a session: one message has crossed each way.
        init(_ bridge: Bridge) throws {
            self.bridge = bridge
            let client = try bridge.client()
            try client.ask("hello")
            switch client {
            case .stream(let wire):
                stream = wire
                datagrams = try bridge.origin.wire
                let (bytes, from) = try datagrams.receive()
                guard bytes == Array("hello".utf8) else {
                    throw Overdue(description: "a wrong greeting")
                }
                address = from
            case .datagrams(let wire):
                datagrams = wire
                address = nil
                stream = try bridge.origin.accept()
                guard try stream.readText(7).hasSuffix("hello") else {
                    throw Overdue(description: "a wrong greeting")
                }
            }
        }

        /// The end that the stream's side sees for a reset: a Unix socket has no reset.
        var resetEnd: Wire.End {
            let face =
                bridge.crossing.from.isStream ? bridge.crossing.from : bridge.crossing.to
            return face.isUnix ? .clean : .reset
        }
    }

    private func frame(_ text: String) -> [UInt8] { BridgeClient.framed(Array(text.utf8)) }

    /// The bytes before the cut are read together with its first part: a whole message shows it.
    @Test(arguments: Crossing.mixed, World.all)
    func framesSplitAtEveryOffset(crossing: Crossing, world: World) async throws {
        guard case .real(let variant) = world else {
            return SimulatedFrames(crossing: crossing).framesSplitAtEveryOffset()
        }
        let bridge = try await Bridge.start(crossing, variant)
        let ends = try Ends(bridge)
        let exchange = frame("second") + frame("") + frame("x")
        for offset in 0...exchange.count {
            try ends.stream.write(frame("first \(offset)") + exchange[..<offset])
            #expect(try ends.datagrams.receiveText() == "first \(offset)")
            try ends.stream.write(exchange[offset...])
            for wanted in ["second", "", "x"] {
                #expect(try ends.datagrams.receiveText() == wanted, "split at \(offset)")
            }
        }
        let statistics = await bridge.stop()
        #expect(statistics.drops == [:])
        #expect(statistics.accepted == 1)
    }

    @Test(arguments: Crossing.mixed, World.all)
    func tenFramesInOneWrite(crossing: Crossing, world: World) async throws {
        guard case .real(let variant) = world else {
            return SimulatedFrames(crossing: crossing).tenFramesInOneWrite()
        }
        let bridge = try await Bridge.start(crossing, variant)
        let ends = try Ends(bridge)
        let sizes = [0, 1, 2, 100, 0, 1_472, 9_000, 3, 20_000, 7]
        let messages = sizes.enumerated().map { Pattern.shared.stream(key: $0, count: $1) }
        for _ in 0..<3 {
            try ends.stream.write(messages.flatMap(BridgeClient.framed))
            for message in messages { #expect(try ends.datagrams.receive().bytes == message) }
        }
        #expect(await bridge.stop().drops == [:])
    }

    @Test(arguments: Crossing.mixed, World.all)
    func aStreamThatEndsInsideAMessage(crossing: Crossing, world: World) async throws {
        guard case .real(let variant) = world else {
            return SimulatedFrames(crossing: crossing).aStreamThatEndsInsideAMessage()
        }
        // In its length, behind it, and in the message.
        for bytes in 1...3 {
            let bridge = try await Bridge.start(crossing, variant) {
                $0.lingerTimeout = .after(.milliseconds(300))
            }
            let ends = try Ends(bridge)
            try ends.stream.write(frame("whole") + frame("cut short").prefix(bytes))
            ends.stream.finish()
            #expect(try ends.datagrams.receiveText() == "whole")
            #expect(try ends.stream.readEnd() == ends.resetEnd, "after \(bytes) bytes")
            #expect(await bridge.stop().causes == [.badFrame: 1])
        }
    }

    @Test(arguments: Crossing.mixed, World.all)
    func aLengthThatLies(crossing: Crossing, world: World) async throws {
        guard case .real(let variant) = world else {
            return SimulatedFrames(crossing: crossing).aLengthThatLies()
        }
        let bridge = try await Bridge.start(crossing, variant) {
            $0.frameBytesMax = 100
            $0.lingerTimeout = .after(.milliseconds(300))
        }
        let ends = try Ends(bridge)
        let longest = Pattern.shared.stream(key: 1, count: 100)
        try ends.stream.write(BridgeClient.framed(longest))
        #expect(try ends.datagrams.receive().bytes == longest)
        try ends.stream.write(frame("before") + [0, 101])
        #expect(try ends.datagrams.receiveText() == "before")
        #expect(try ends.stream.readEnd() == ends.resetEnd)
        // The listener stays, and so does a datagram client: its next datagram opens a session.
        if crossing.from.isStream {
            try await answersANewClient(bridge)
        } else {
            try bridge.wait("the session is over") { $0.open == 0 }
            try ends.datagrams.send("again")
            #expect(try bridge.origin.accept().readText(7).hasSuffix("again"))
        }
        let statistics = await bridge.stop()
        #expect(statistics.causes[.badFrame] == 1)
        #expect(statistics.accepted == 2)
    }

    private func answersANewClient(_ bridge: Bridge) async throws {
        let other = try bridge.client(1)
        try other.ask("again")
        #expect(try bridge.origin.wire.receiveText() == "again")
        other.close()
    }

    /// Many short messages in a read: the simulated kernel counts how many of them one loop sends.
    /// A Unix client has its answers one after the other, few of them wait, and the plan's clients
    /// wait for all.
    @Test(arguments: Crossing.mixed.filter { $0.from != .unixgram })
    func noLoopSendsAllThatOneReadBrings(crossing: Crossing) {
        SimulatedFrames(crossing: crossing).noLoopSendsAllThatOneReadBrings()
    }

    /// Longer than any datagram, but a valid frame: the stream goes on behind it.
    @Test(arguments: Crossing.mixed, World.all)
    func aFrameThatNoDatagramHolds(crossing: Crossing, world: World) async throws {
        guard case .real(let variant) = world else {
            return SimulatedFrames(crossing: crossing).aFrameThatNoDatagramHolds()
        }
        let bridge = try await Bridge.start(crossing, variant)
        let ends = try Ends(bridge)
        let sizes = [65_508, 65_535]
        for size in sizes {
            try ends.stream.write(BridgeClient.framed([UInt8](repeating: 7, count: size)))
            try ends.stream.write(frame("after \(size)"))
            #expect(try ends.datagrams.receiveText() == "after \(size)")
        }
        // And it still answers.
        try ends.datagrams.send("back", to: ends.address)
        #expect(try ends.stream.readText(6).hasSuffix("back"))
        let statistics = await bridge.stop()
        #expect(statistics.drops == [.oversize: UInt64(sizes.count)])
        #expect(statistics.causes[.badFrame] == nil)
    }
}
