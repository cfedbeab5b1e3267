internal import ExampleSupport
internal import Pelmeni

/// Redis is a plain socket: refused commands do not reach it, and each refusal stands in its place
/// among the responses, however the streams are cut.
func checkRedisGuard(_ options: ExampleOptions) async throws {
    let redis = try PlainSocket.listening(.stream)
    let server = redisGuard(
        listen: .local(), upstream: .local(redis.port), refused: ["FLUSHALL"], LinePrinter { _ in })
    try await ExampleEngine.with(server, options) { engine, port in
        let check = RedisCheck(redis: redis, port: port)
        try check.refusesAlone()
        for size in [1, 2, 7, 4096] { try check.keepsOrder(partsOf: size) }
        try check.refusesBadStream()
        try ExampleCheck.equal(
            engine.statistics.hooks.first?.drops, 11, "commands that the hook did not forward")
    }
}

private struct RedisCheck {
    private static let refusal = "-ERR this command is refused by redis-guard\r\n"

    let redis: PlainSocket
    let port: UInt16

    private func command(_ words: String...) -> String {
        "*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
    }

    /// Nothing is asked before: the refusal comes at once, in any spelling of the command.
    func refusesAlone() throws {
        let client = try PlainSocket.connected(.stream, to: port)
        let upstream = try redis.accept()
        for text in [command("FLUSHALL"), command("FlushAll", "ASYNC"), "flushall\r\n"] {
            try client.send(text)
            try expect(client, Self.refusal)
        }
        client.endSending()
        try ExampleCheck.equal(try upstream.receiveAll(), [], "bytes that reach Redis")
    }

    /// Pipelined commands, and responses of many kinds.
    func keepsOrder(partsOf size: Int) throws {
        let client = try PlainSocket.connected(.stream, to: port)
        let upstream = try redis.accept()
        let value = String(repeating: "\r\n*1\r\n", count: 100)
        let before = command("SET", "a", value) + "PING\r\n"
        let behind = command("HELLO", "3") + command("LRANGE", "b", "0", "-1")
        try send(
            before + command("FLUSHALL") + "\r\n" + behind + command("flushall"), client, size)
        try expect(upstream, before + "\r\n" + behind)
        let map = "|1\r\n+hint\r\n:1\r\n%2\r\n+server\r\n$5\r\nredis\r\n+modules\r\n*0\r\n"
        let list = "*3\r\n$-1\r\n*2\r\n:1\r\n,2.5\r\n$\(value.utf8.count)\r\n\(value)\r\n"
        let push = ">2\r\n+invalidate\r\n*1\r\n$1\r\na\r\n"
        try send("+OK\r\n+PONG\r\n" + push + map + list, upstream, size)
        try expect(
            client, "+OK\r\n+PONG\r\n" + Self.refusal + push + map + list + Self.refusal)
        client.endSending()
        upstream.endSending()
        try ExampleCheck.equal(try upstream.receiveAll(), [], "further bytes that reach Redis")
        try ExampleCheck.equal(try client.receiveAll(), [], "further bytes of the client")
    }

    /// A length that is no number ends the session.
    func refusesBadStream() throws {
        let client = try PlainSocket.connected(.stream, to: port)
        let upstream = try redis.accept()
        try client.send("*1\r\n$x\r\n")
        try ExampleCheck.require(
            (try? upstream.receiveAll()) ?? [] == [], "a bad command reached Redis")
    }

    private func send(_ text: String, _ socket: PlainSocket, _ size: Int) throws {
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            try socket.send(Array(bytes[start..<min(start + size, bytes.count)]))
        }
    }

    private func expect(_ socket: PlainSocket, _ text: String) throws {
        let found = try socket.receive(exactly: text.utf8.count)
        try ExampleCheck.equal(String(decoding: found, as: UTF8.self), text, "bytes on the wire")
    }
}
