internal import ExampleSupport
internal import Pelmeni

/// Two clients and their pipelined requests, over one connection to the upstream.
func checkFixedHTTP(_ options: ExampleOptions) async throws {
    let origin = try PlainSocket.listening(.stream)
    let server = fixedHTTP(listen: .local(), upstream: .local(origin.port))
    try await ExampleEngine.with(server, options) { _, port in
        let first = try PlainSocket.connected(.stream, to: port)
        let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        let put = "PUT /b HTTP/1.1\r\nContent-Length: 5\r\nHost: a\r\n\r\nhello"
        try first.send(get + put)
        let upstream = try origin.accept()
        try expect(upstream, get)
        try upstream.send("HTTP/1.1 200 OK\r\ncontent-length:  2\r\n\r\nok")
        try expect(first, "HTTP/1.1 200 OK\r\ncontent-length:  2\r\n\r\nok")
        try expect(upstream, put)
        try upstream.send("HTTP/1.1 204 No Content\r\n\r\n")
        try expect(first, "HTTP/1.1 204 No Content\r\n\r\n")

        // The connection is free for another client.
        let second = try PlainSocket.connected(.stream, to: port)
        try second.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        try expect(upstream, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        try upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        try expect(second, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")

        let third = try PlainSocket.connected(.stream, to: port)
        try third.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        let refusal = String(decoding: try third.receiveAll(), as: UTF8.self)
        try ExampleCheck.equal(
            String(refusal.prefix(28)), "HTTP/1.1 501 Not Implemented", "a body without a length")
    }
}

private func expect(_ socket: PlainSocket, _ text: String) throws {
    let found = try socket.receive(exactly: text.utf8.count)
    try ExampleCheck.equal(String(decoding: found, as: UTF8.self), text, "what came")
}
