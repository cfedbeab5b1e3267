import Pelmeni
import TestSupport
import Testing

/// UDP, with all that the network reports.
private struct Reporting: CustomClient {
    let endpoints: [Endpoint]
    var hooks: [HookTable] = []
    /// Bytes in front of each message.
    var head = 0

    func initialize(_ socket: inout SocketRequest) throws { socket.reportsErrors = true }

    func protocolSend(
        _ data: consuming Buffer, _ state: inout Void, _ context: borrowing Context
    ) throws {
        var data = data
        if head > 0 { try data.prepend([UInt8](repeating: 1, count: head)) }
        context.send(data)
    }
}

/// Sockets of protocols that ask for the network's reports.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct DriverReportTests {
    private func bridge(
        _ crossing: Crossing, _ variant: Variant, head: Int = 0
    ) async throws -> Bridge {
        try await Bridge.driven(crossing, variant) { names, path in
            var client = Reporting(endpoints: crossing.to.client(names).endpoints)
            client.head = head
            return crossing.from.server(client, path: path, options: PairOptions())
        }
    }

    /// A lone upstream that refuses ends the session, and the client's next datagram opens another.
    @Test(arguments: Variant.all) func aRefusal(variant: Variant) async throws {
        let bridge = try await bridge(Crossing(from: .udp, to: .udp), variant)
        let origin = try bridge.origin.wire
        let client = try bridge.client()
        try client.ask("one")
        let (_, from) = try origin.receive()
        try origin.send("to one", to: from)
        #expect(try client.answerText() == "to one")
        try origin.refuse()
        for round in UInt64(1)...3 {
            try client.ask("lost")
            try bridge.wait("session \(round) is over") {
                $0.causes[.connectRefused] == round && $0.open == 0
            }
        }
        let statistics = await bridge.stop()
        #expect(statistics.drops == [.noUpstream: 3])
        #expect(
            bridge.log.entries(from: .info).count { $0.message.hasPrefix("upstream failed") } == 1)
    }

    /// A stream in front is reset.
    @Test(arguments: Variant.all) func aRefusalBehindAStream(variant: Variant) async throws {
        let bridge = try await bridge(.tcpToUDP, variant)
        try bridge.origin.wire.refuse()
        let client = try bridge.client()
        try client.ask("lost")
        guard case .stream(let wire) = client else { return }
        #expect(try wire.readEnd() == .reset)
        let statistics = await bridge.stop()
        #expect(statistics.causes == [.connectRefused: 1])
    }

    /// A datagram that no packet can carry is dropped, and the session goes on.
    @Test(arguments: Variant.all) func tooLong(variant: Variant) async throws {
        let bridge = try await bridge(Crossing(from: .udp, to: .udp), variant, head: 8)
        let origin = try bridge.origin.wire
        let client = try bridge.client()
        for round in 0..<3 {
            try client.ask(String(repeating: "a", count: 65_500))
            try client.ask("round \(round)")
            let (asked, from) = try origin.receive()
            #expect(String(decoding: asked.dropFirst(8), as: UTF8.self) == "round \(round)")
            try origin.send("answer", to: from)
            #expect(try client.answerText() == "answer")
        }
        let statistics = await bridge.stop()
        #expect(statistics.drops == [.oversize: 3])
        #expect(statistics.accepted == 1)
    }
}
