internal import ExampleSupport
internal import Pelmeni
internal import PelmeniHTTP

/// A datagram and a line arrive as requests with JSON, and their answers come back.
func checkHTTPRewriter(_ options: ExampleOptions) async throws {
    let origin = try PlainSocket.listening(.stream)
    let server = httpRewriter(listen: .local(), upstream: .local(origin.port))
    try await ExampleEngine.with(server, options) { _, port in
        let client = try PlainSocket.connected(.datagrams, to: port)
        try client.send("HeLLo")
        let upstream = try origin.accept()
        try answer(upstream, method: "PUT", type: "application/json", "done")
        try ExampleCheck.equal(try client.receive(), Array("done".utf8), "the answer")
    }
    let lines = httpLines(listen: .local(), upstream: .local(origin.port))
    try await ExampleEngine.with(lines, options) { _, port in
        let client = try PlainSocket.connected(.stream, to: port)
        try client.send("HeLLo\n")
        let upstream = try origin.accept()
        try answer(upstream, method: "POST", type: "application/octet-stream", "done")
        try ExampleCheck.equal(try client.receive(exactly: 5), Array("DONE\n".utf8), "the line")
    }
}

/// Reads the request of a message, and answers it.
private func answer(
    _ upstream: PlainSocket, method: String, type: String, _ text: String
) throws {
    let body = #"{"user_data":"hello"}"#
    var head = ""
    while !head.hasSuffix("\r\n\r\n") {
        head += String(decoding: try upstream.receive(exactly: 1), as: UTF8.self)
    }
    try ExampleCheck.require(head.hasPrefix("\(method) / HTTP/1.1\r\n"), head)
    for field in ["content-type: \(type)", "content-length: \(body.utf8.count)"] {
        try ExampleCheck.require(head.lowercased().contains("\r\n\(field)\r\n"), head)
    }
    let found = try upstream.receive(exactly: body.utf8.count)
    try ExampleCheck.equal(String(decoding: found, as: UTF8.self), body, "the body")
    try upstream.send("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
}
