internal import ExampleSupport
internal import Pelmeni
internal import PelmeniHTTP

/// Requests are numbered, and one without a token does not reach the upstream.
func checkHTTPGate(_ options: ExampleOptions) async throws {
    let origin = try PlainSocket.listening(.stream)
    var server = httpGate(listen: .local(), upstream: .local(origin.port), token: "secret")
    server.forwarding = []
    try await ExampleEngine.with(server, options) { _, port in
        let client = try PlainSocket.connected(.stream, to: port)
        try client.send("GET /admin HTTP/1.1\r\nHost: a\r\n\r\n")
        try expect(
            client,
            "HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain; charset=utf-8\r\n"
                + "WWW-Authenticate: Bearer\r\nContent-Length: 18\r\n\r\na token is needed\n")
        let head = "GET /admin HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer secret\r\n"
        try client.send(head + "\r\n")
        let upstream = try origin.accept()
        try expect(upstream, head + "X-Request-Number: 2\r\n\r\n")
        try upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        try expect(
            client, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Request-Number: 2\r\n\r\nok")
    }
}

private func expect(_ socket: PlainSocket, _ text: String) throws {
    let found = try socket.receive(exactly: text.utf8.count)
    try ExampleCheck.equal(String(decoding: found, as: UTF8.self), text, "what came")
}
