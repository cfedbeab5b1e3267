internal import ExampleSupport
internal import Pelmeni

/// A request that is lost comes again; a second response, and one to no request, is dropped.
func checkSequencedClient(_ options: ExampleOptions) async throws {
    let upstream = try PlainSocket.listening(.datagrams)
    let server = sequencedRelay(listen: .local(), upstream: .local(upstream.port))
    try await ExampleEngine.with(server, options) { engine, port in
        let client = try PlainSocket.connected(.stream, to: port)
        try client.send("first\n")
        let lost = try upstream.receive()
        try ExampleCheck.equal(lost, [0, 1] + Array("first".utf8), "the request")
        try ExampleCheck.equal(try upstream.receive(), lost, "the request, sent again")
        // The first answer alone counts, in any number of copies.
        for answer in ["\0\u{2}none", "\0\u{1}one", "\0\u{1}two", "x"] {
            try upstream.answer(Array(answer.utf8))
        }
        try expect(client, "one\n")

        try client.send("second\nthird\n")
        try ExampleCheck.equal(try upstream.receive(), [0, 2] + Array("second".utf8), "a request")
        try ExampleCheck.equal(try upstream.receive(), [0, 3] + Array("third".utf8), "a request")
        try upstream.answer([0, 3] + Array("3".utf8))
        try upstream.answer([0, 2] + Array("2".utf8))
        try expect(client, "3\n2\n")
        try ExampleCheck.equal(engine.statistics.datagramsToClient, 3, "responses")
    }
}

private func expect(_ client: PlainSocket, _ text: String) throws {
    let found = try client.receive(exactly: text.utf8.count)
    try ExampleCheck.equal(String(decoding: found, as: UTF8.self), text, "the response")
}
