internal import ExampleSupport
internal import Pelmeni

/// The request arrives as it was, and the response in capitals, to the end of both streams.
func checkUppercaseServer(_ options: ExampleOptions) async throws {
    let origin = try PlainSocket.listening(.stream)
    let server = uppercaseServer(listen: .local(), upstream: .local(origin.port))
    try await ExampleEngine.with(server, options) { _, port in
        let client = try PlainSocket.connected(.stream, to: port)
        let upstream = try origin.accept()
        try client.send("the request")
        client.endSending()
        try ExampleCheck.equal(
            try upstream.receiveAll(), Array("the request".utf8), "the request")
        let long = String(repeating: "Grüße, abc xyz {}`@ 123\n", count: 10_000)
        try upstream.send(long)
        upstream.endSending()
        let wanted = String(repeating: "GRüßE, ABC XYZ {}`@ 123\n", count: 10_000)
        let found = try client.receiveAll()
        try ExampleCheck.require(found == Array(wanted.utf8), "a response in capitals")
    }
}
