import Glibc
import Pelmeni
import TestSupport
import Testing

/// Deadlines ask what the far side has, and their ends do not look like the sender's.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct DeliveryTests {
    /// A client that reads slowly and steadily: what is handed over to its socket goes in lumps with seconds between
    /// them, and what it takes does not.
    @Test(.alone, arguments: Variant.all)
    func aSteadyReaderIsNotIdle(variant: Variant) async throws {
        let relay = try await Relay.start(variant) { $0.idle = .seconds(1) }
        let (client, upstream) = try relay.session()
        var room: Int32 = 128 << 10
        setsockopt(client.socket, SOL_SOCKET, SO_RCVBUF, &room, 4)
        let bytes = Pattern.shared.stream(key: 6, count: 8 << 20)
        let sending = beside {
            try upstream.write(bytes)
            upstream.finish()
        }
        // A pace needs a clock: 320 KB a second, for several times the deadline.
        var received: [UInt8] = []
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(4) {
            received += try client.read(exactly: 16 << 10)
            usleep(50_000)
        }
        #expect(relay.engine.statistics.causes == [:])
        let (rest, end) = try client.readAll()
        #expect(end == .clean)
        #expect(received + rest == bytes)
        try await sending.value
        client.close()
        await relay.expect([.completed: 1])
    }

    /// Half of an answer, and then silence: whoever gets the half must not take it for the whole.
    @Test(arguments: Variant.all) func anIdleEndIsAReset(variant: Variant) async throws {
        let relay = try await Relay.start(variant) { $0.idle = .milliseconds(300) }
        let (client, upstream) = try relay.talkingSession()
        try upstream.write("half an ans")
        #expect(try client.readText(11) == "half an ans")
        #expect(try client.readEnd() == .reset)
        #expect(try upstream.readEnd() == .reset)
        await relay.expect([.idle: 1])
    }

    /// The same where the client has said all, so that the linger deadline is the one that ends it.
    @Test(arguments: Variant.all) func aLingerEndIsAReset(variant: Variant) async throws {
        let relay = try await Relay.start(variant) { $0.linger = .milliseconds(300) }
        let (client, upstream) = try relay.talkingSession()
        client.finish()
        #expect(try upstream.readEnd() == .clean)
        try upstream.write("half an ans")
        #expect(try client.readText(11) == "half an ans")
        #expect(try client.readEnd() == .reset)
        await relay.expect([.linger: 1])
    }

    /// An end that its sender did send stays one, though a deadline closes the rest.
    @Test(arguments: Variant.all) func whatHadEndedStaysWhole(variant: Variant) async throws {
        let relay = try await Relay.start(variant) { $0.linger = .milliseconds(300) }
        let (client, upstream) = try relay.talkingSession()
        try upstream.write("an answer")
        upstream.finish()
        #expect(try client.readAll() == (Array("an answer".utf8), .clean))
        // The client goes on for ever, and says nothing.
        #expect(try upstream.readEnd() == .reset)
        await relay.expect([.linger: 1])
    }
}
