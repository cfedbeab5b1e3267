import Glibc
import Pelmeni
import TestSupport
import Testing

/// Urgent bytes (tcp(7), MSG_OOB) are ordinary bytes to a relay: they arrive in their place, and no
/// byte waits behind them. A read ends before an urgent byte although more bytes are there.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(2))) struct UrgentTests {
    /// The bytes of a side: an exclamation mark is sent as urgent.
    static let texts = [
        "before.!behind.", "!behind.", "before.!", "before.!!behind.", "a!b!c!d!e", "!",
    ]

    enum End: CaseIterable {
        case none
        case finish
        case reset
    }

    static func send(_ text: String, on wire: Wire) throws {
        var plain: [UInt8] = []
        for byte in text.utf8 {
            guard byte == UInt8(ascii: "!") else {
                plain.append(byte)
                continue
            }
            try wire.write(plain)
            plain = []
            var urgent = byte
            let flags = Int32(MSG_OOB) | Int32(MSG_NOSIGNAL)
            guard Glibc.send(wire.socket, &urgent, 1, flags) == 1 else { throw WireError("send") }
        }
        try wire.write(plain)
    }

    @Test(arguments: Variant.all, End.allCases)
    func bothWays(variant: Variant, end: End) async throws {
        let relay = try await Relay.start(variant)
        for upwards in [true, false] {
            for text in Self.texts {
                for _ in 0..<4 {
                    let (client, upstream) = try relay.talkingSession()
                    let (speaker, reader) = upwards ? (client, upstream) : (upstream, client)
                    try Self.send(text, on: speaker)
                    if case .finish = end { speaker.finish() }
                    // Before the reset, which discards unread bytes.
                    #expect(try reader.readText(text.utf8.count) == text, "upwards: \(upwards)")
                    if case .reset = end { speaker.reset() }
                    switch end {
                    case .none: break
                    case .finish: #expect(try reader.readEnd() == .clean)
                    case .reset: #expect(try reader.readEnd() == .reset)
                    }
                    // The other direction continues.
                    if case .reset = end { continue }
                    try reader.write("answer")
                    #expect(try speaker.readText(6) == "answer")
                }
            }
        }
        await relay.engine.stop()
        #expect(relay.log.entries(from: .error).isEmpty)
    }

    /// In the middle of a long stream, which goes through a kernel pipe.
    @Test(arguments: Variant.all) func amidMuch(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        let (client, upstream) = try relay.talkingSession()
        let much = String(repeating: "0123456789abcdef", count: 1 << 16)
        let sending = beside {
            for _ in 0..<4 { try Self.send(much + "!", on: client) }
            client.finish()
        }
        let (received, end) = try upstream.readAll()
        try await sending.value
        #expect(end == .clean)
        let isWhole = received == Array(String(repeating: much + "!", count: 4).utf8)
        #expect(isWhole, "\(received.count) bytes, \(received.count { $0 == 0x21 }) of them urgent")
        upstream.close()
        await relay.expect([.completed: 1])
    }

    /// An urgent byte inside a message that is cut from a stream.
    @Test(arguments: Variant.all) func insideAMessage(variant: Variant) async throws {
        let bridge = try await Bridge.start(Crossing(from: .tcp, to: .udp), variant) {
            $0.framing = .line
        }
        guard case .stream(let client) = try bridge.client() else { return }
        let origin = try bridge.origin.wire
        for text in Self.texts {
            try Self.send(text + "\n", on: client)
            #expect(try origin.receiveText() == text)
        }
        #expect(await bridge.stop().drops == [:])
    }
}
