import EngineTestSupport
import Pelmeni
import TestSupport
import Testing

/// The examples of the original README, byte by byte: two clients at once, and the second one's
/// question is answered first.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct OriginalReadmeTests {
    /// A question for the address of a host: RFC 1035, section 4.1.
    private static func question(_ id: UInt16, _ host: String) -> [UInt8] {
        let labels = host.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        return [UInt8(id >> 8), UInt8(id & 0xff), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
            + labels + [0, 0, 1, 0, 1]
    }

    /// Its answer: the question, and an address of 4 bytes for 60 s.
    private static func answer(_ question: [UInt8], _ address: [UInt8]) -> [UInt8] {
        Array(question[..<2]) + [0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0] + Array(question[12...])
            + [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4] + address
    }

    private func framed(_ message: [UInt8]) -> [UInt8] { BridgeClient.framed(message) }

    private func start(
        _ variant: Variant, _ server: some Server
    ) async throws -> (engine: Engine, port: UInt16?) {
        let engine = try Engine.variant(variant, servers: [server])
        try await engine.start()
        return (engine, engine.listeners.first?.port)
    }

    /// All sessions have ended by themselves.
    private func expect(_ engine: Engine, completed: UInt64) async {
        await engine.drain(within: .seconds(10))
        #expect(engine.statistics.causes == [.completed: completed])
        #expect(engine.statistics.drops == [:])
        #expect(engine.statistics.open == 0)
    }

    /// TCP 8080 to a resolver's UDP.
    @Test(arguments: Variant.all) func basicUsage(variant: Variant) async throws {
        let resolver = try DatagramWire()
        var server = OriginalPrograms.resolver(resolver.port)
        // No count says which answer is the last one of a client that has ended its stream.
        server.options.lingerTimeout = .after(.milliseconds(100))
        let (engine, port) = try await start(variant, server)
        let clients = [try Wire(toPort: port), try Wire(toPort: port)]
        let questions = [
            Self.question(0x0a0b, "example.com"), Self.question(0x0a0b, "a.example.org"),
            Self.question(7, "third.example.net"), Self.question(8, "fourth.example.net"),
        ]
        let answers = questions.enumerated().map {
            Self.answer($0.element, [192, 0, 2, UInt8($0.offset)])
        }
        var senders: [DatagramAddress] = []
        for (client, question) in zip(clients, questions) {
            try client.write(framed(question))
            let (bytes, from) = try resolver.receive()
            #expect(bytes == question)
            senders.append(from)
        }
        #expect(senders[0] != senders[1])
        // The first client has no byte before the second one's answer is there.
        try resolver.send(answers[1], to: senders[1])
        #expect(try clients[1].read(exactly: answers[1].count + 2) == framed(answers[1]))
        // Two more of the first client, in pieces and in one write: three answers, last one first.
        let more = framed(questions[2]) + framed(questions[3])
        try clients[0].write(more[..<5])
        try clients[0].write(more[5...])
        for number in [2, 3] {
            let (bytes, from) = try resolver.receive()
            #expect(bytes == questions[number])
            #expect(from == senders[0])
        }
        for number in [3, 2, 0] { try resolver.send(answers[number], to: senders[0]) }
        for number in [3, 2, 0] {
            let wanted = framed(answers[number])
            #expect(try clients[0].read(exactly: wanted.count) == wanted)
        }
        #expect(engine.statistics.datagramsToUpstream == 4)
        #expect(engine.statistics.datagramsToClient == 4)
        for client in clients {
            client.finish()
            #expect(try client.readEnd() == .clean)
        }
        await expect(engine, completed: 2)
    }

    private func json(_ value: String) -> [UInt8] {
        let object = Array("{\"user_data\":\"\(value)\"}".utf8)
        return [0, 0, 0, UInt8(object.count)] + object
    }

    /// The JSON-rewriting client behind the upper-casing server.
    @Test(arguments: Variant.all) func customSubclass(variant: Variant) async throws {
        let origin = try TestListener()
        let (engine, port) = try await start(
            variant, OriginalPrograms.upperServer(OriginalPrograms.jsonClient(origin.port)))
        var sessions: [(client: Wire, upstream: Wire)] = []
        for (text, wanted) in [("Hello World", "hello world"), ("Say \"HI\"", "say \\\"hi\\\"")] {
            let client = try Wire(toPort: port)
            try client.write(text + "\n")
            let upstream = try origin.accept()
            let request = json(wanted)
            #expect(try upstream.read(exactly: request.count) == request)
            sessions.append((client, upstream))
        }
        for number in [1, 0] {
            let (client, upstream) = sessions[number]
            let response = Array("{\"id\":\(number),\"name\":\"ärger\"}".utf8)
            let message = [0, 0, 0, UInt8(response.count)] + response
            // Wherever it is cut.
            try upstream.write(message[..<7])
            try upstream.write(message[7...])
            let line = "{\"ID\":\(number),\"NAME\":\"äRGER\"}\n"
            #expect(try client.readText(line.utf8.count) == line)
        }
        // Two requests in one write are two objects, in order.
        try sessions[0].client.write("ONE\nTWO\n")
        let both = json("one") + json("two")
        #expect(try sessions[0].upstream.read(exactly: both.count) == both)
        for (client, upstream) in sessions {
            client.finish()
            #expect(try upstream.readEnd() == .clean)
            upstream.finish()
            #expect(try client.readEnd() == .clean)
        }
        await expect(engine, completed: 2)
        #expect(engine.statistics.hooks.map(\.calls) == [2, 4])
    }

    /// The upper-casing server over plain streams: what the client sends is unchanged.
    @Test(arguments: Variant.all) func upperCasingServer(variant: Variant) async throws {
        let origin = try TestListener()
        let (engine, port) = try await start(
            variant, OriginalPrograms.plainUpperServer(origin.port))
        var sessions: [(client: Wire, upstream: Wire)] = []
        for text in ["first Question", "second Question"] {
            let client = try Wire(toPort: port)
            try client.write(text)
            let upstream = try origin.accept()
            #expect(try upstream.readText(text.utf8.count) == text)
            sessions.append((client, upstream))
        }
        for number in [1, 0] {
            let (client, upstream) = sessions[number]
            try upstream.write("answer \(number): [a-z] {ä}\0")
            let wanted = "ANSWER \(number): [A-Z] {ä}\0"
            #expect(try client.readText(wanted.utf8.count) == wanted)
        }
        for (client, upstream) in sessions {
            upstream.finish()
            #expect(try client.readEnd() == .clean)
            client.finish()
            #expect(try upstream.readEnd() == .clean)
        }
        await expect(engine, completed: 2)
    }
}
