import Pelmeni
import TestSupport
import Testing

/// A session that a deadline cuts off does not look complete.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct DeadlineEndTests {
    /// Half of an answer, and then silence: the client must not take the half for the whole.
    @Test(arguments: Variant.all) func anIdleEndIsAReset(variant: Variant) async throws {
        let relay = try await Relay.start(variant) { $0.idleTimeout = .after(.milliseconds(300)) }
        let (client, upstream) = try relay.talkingSession()
        try upstream.write("half an ans")
        #expect(try client.readText(11) == "half an ans")
        #expect(try client.readEnd() == .reset)
        #expect(try upstream.readEnd() == .reset)
        await relay.expect([.idle: 1])
    }

    /// The same where the client has sent all its bytes, so that the linger deadline ends the
    /// session.
    @Test(arguments: Variant.all) func aLingerEndIsAReset(variant: Variant) async throws {
        let relay = try await Relay.start(variant) { $0.lingerTimeout = .after(.milliseconds(300)) }
        let (client, upstream) = try relay.talkingSession()
        client.finish()
        #expect(try upstream.readEnd() == .clean)
        try upstream.write("half an ans")
        #expect(try client.readText(11) == "half an ans")
        #expect(try client.readEnd() == .reset)
        await relay.expect([.linger: 1])
    }

    /// An end that its sender did send stays an end, although a deadline closes the rest.
    @Test(arguments: Variant.all) func whatHadEndedStaysWhole(variant: Variant) async throws {
        let relay = try await Relay.start(variant) { $0.lingerTimeout = .after(.milliseconds(300)) }
        let (client, upstream) = try relay.talkingSession()
        try upstream.write("an answer")
        upstream.finish()
        #expect(try client.readAll() == (Array("an answer".utf8), .clean))
        // The client stays open for ever, and sends nothing.
        #expect(try upstream.readEnd() == .reset)
        await relay.expect([.linger: 1])
    }
}
