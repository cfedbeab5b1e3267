import Pelmeni
import PelmeniCore
import TestSupport
import Testing

/// Each framing on the wire, on either side of a pair.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct BridgeFramingKindTests {
    private static let toUDP = Crossing(from: .tcp, to: .udp)
    private static let toTCP = Crossing(from: .udp, to: .tcp)

    @Test(arguments: FramingSample.marked, Variant.all)
    func fromAStream(sample: FramingSample, variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toUDP, variant) { $0.framing = sample.framing }
        let origin = try bridge.origin.wire
        let client = try Wire(to: bridge.name)
        // Two at once, and one in two parts.
        try client.write(
            sample.framed("hello") + sample.framed("world") + sample.framed("third").dropLast())
        let (first, from) = try origin.receive()
        #expect(first == Array("hello".utf8))
        #expect(try origin.receiveText() == "world")
        try client.write(sample.framed("third").suffix(1))
        #expect(try origin.receiveText() == "third")
        try origin.send("reply", to: from)
        try origin.send("other", to: from)
        let wanted = sample.framed("reply") + sample.framed("other")
        #expect(try client.read(exactly: wanted.count) == wanted)
        #expect(await bridge.stop().drops == [:])
    }

    @Test(arguments: FramingSample.marked, Variant.all)
    func toAStream(sample: FramingSample, variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toTCP, variant) { $0.framing = sample.framing }
        let client = try bridge.client()
        try client.ask("hello")
        try client.ask("world")
        let origin = try bridge.origin.accept()
        let wanted = sample.framed("hello") + sample.framed("world")
        #expect(try origin.read(exactly: wanted.count) == wanted)
        try origin.write(
            sample.framed("reply") + sample.framed("other") + sample.framed("third").dropLast())
        #expect(try client.answerText() == "reply")
        #expect(try client.answerText() == "other")
        try origin.write(sample.framed("third").suffix(1))
        #expect(try client.answerText() == "third")
        #expect(await bridge.stop().drops == [:])
    }

    /// One read is one datagram: only waiting for each answer makes that certain.
    @Test(arguments: Variant.all) func raw(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toUDP, variant) { $0.framing = .raw }
        let origin = try bridge.origin.wire
        let client = try Wire(to: bridge.name)
        for turn in 0..<5 {
            try client.write("ask \(turn)")
            let (asked, from) = try origin.receive()
            #expect(asked == Array("ask \(turn)".utf8))
            try origin.send("say \(turn)", to: from)
            #expect(try client.readText(5) == "say \(turn)")
        }
        _ = await bridge.stop()

        let reverse = try await Bridge.start(Self.toTCP, variant) { $0.framing = .raw }
        let asker = try reverse.client()
        try asker.ask("ask")
        let upstream = try reverse.origin.accept()
        #expect(try upstream.readText(3) == "ask")
        try upstream.write("say")
        #expect(try asker.answerText() == "say")
        _ = await reverse.stop()
    }

    /// All bytes of a client up to its half-close are one message; so is the answer.
    @Test(arguments: Variant.all) func eof(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toUDP, variant) {
            $0.framing = .eof
            $0.responseLimit = 1
        }
        let origin = try bridge.origin.wire
        for size in [1, 1_472, 40_000] {
            let bytes = Pattern.shared.stream(key: size, count: size)
            let client = try Wire(to: bridge.name)
            try client.write(bytes[..<(size / 2)])
            try client.write(bytes[(size / 2)...])
            client.finish()
            let (asked, from) = try origin.receive()
            #expect(asked == bytes)
            try origin.send("answer", to: from)
            #expect(try client.readAll() == (Array("answer".utf8), .clean))
        }
        #expect(await bridge.stop().causes == [.completed: 3])
    }

    @Test(arguments: Variant.all) func theLastLineNeedsNoEnd(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toUDP, variant) {
            $0.framing = .line
            $0.responseLimit = 1
        }
        let origin = try bridge.origin.wire
        let client = try Wire(to: bridge.name)
        try client.write("one\r\n\ntwo")
        client.finish()
        #expect(try origin.receiveText() == "one")
        #expect(try origin.receiveText() == "")
        let (last, from) = try origin.receive()
        #expect(last == Array("two".utf8))
        for number in 1...3 { try origin.send("answer \(number)", to: from) }
        #expect(
            try client.readAll() == (Array("answer 1\nanswer 2\nanswer 3\n".utf8), .clean))
        #expect(await bridge.stop().causes == [.completed: 1])
    }

    /// RFC 6587 counts from 1: an empty datagram has no frame, and is dropped alone.
    @Test(arguments: Variant.all) func octetCountHasNoEmptyMessage(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toTCP, variant) { $0.framing = .octetCount }
        let client = try bridge.client()
        try client.ask("one")
        try client.ask("")
        try client.ask("two")
        let origin = try bridge.origin.accept()
        #expect(try origin.readText(10) == "3 one3 two")
        #expect(await bridge.stop().drops == [.oversize: 1])
    }

    /// Either form of a syslog message becomes a datagram, and what is written has a length.
    @Test(arguments: Variant.all) func syslogIsToldApart(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toUDP, variant) { $0.framing = .syslog }
        let origin = try bridge.origin.wire
        let client = try Wire(to: bridge.name)
        try client.write("<13>1 a\n8 <13>1\nb2<13>1 c\r\n\n8 <13>1 d\n\n<13>1 ")
        let (first, from) = try origin.receive()
        #expect(first == Array("<13>1 a".utf8))
        for message in ["<13>1\nb2", "<13>1 c", "<13>1 d\n"] {
            #expect(try origin.receiveText() == message)
        }
        try client.write("e\n")
        #expect(try origin.receiveText() == "<13>1 e")
        try origin.send("<13>1 f", to: from)
        #expect(try client.readText(9) == "7 <13>1 f")
        #expect(await bridge.stop().drops == [:])
    }

    /// An invalid length: the client is reset, and the counts name the cause.
    @Test(arguments: Variant.all) func noLength(variant: Variant) async throws {
        let bridge = try await Bridge.start(Self.toUDP, variant) { $0.framing = .octetCount }
        for text in ["x", "0 ", "05 hello", "99999999999 "] {
            let client = try Wire(to: bridge.name)
            try client.write(text)
            #expect(try client.readEnd() == .reset, "after \"\(text)\"")
        }
        #expect(await bridge.stop().causes == [.badFrame: 4])
        let syslog = try await Bridge.start(Self.toUDP, variant) { $0.framing = .syslog }
        for text in ["0 ", "\u{16}\u{3}\u{1}", "9x", "99999999999 "] {
            let client = try Wire(to: syslog.name)
            try client.write(text)
            #expect(try client.readEnd() == .reset, "after \"\(text)\"")
        }
        #expect(await syslog.stop().causes == [.badFrame: 4])
    }
}
