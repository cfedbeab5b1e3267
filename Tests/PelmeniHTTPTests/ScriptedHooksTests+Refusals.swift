import Pelmeni
import PelmeniHTTP
import PelmeniTesting
import Testing

// What hooks may not leave, and bodies beyond what they collect.
extension ScriptedHooksTests {
    static func failure(_ line: String, _ reason: String) -> String {
        "HTTP/1.1 \(line)\r\nContent-Type: text/plain; charset=utf-8\r\n"
            + "Content-Length: \(reason.utf8.count + 1)\r\nConnection: close\r\n\r\n\(reason)\n"
    }

    static let failed = failure(
        "500 Internal Server Error", "the proxy failed on this exchange")

    /// What no message may have does not reach a wire, whichever hook it is of.
    @Test(arguments: [
        ("X-A", "b\r\nX-C: d"), ("X A", "b"), ("", "b"), ("Content-Length", "5"),
        ("transfer-encoding", "chunked"), ("Connection", "close"), ("X-A", "\u{0}"),
    ]) func fieldsAreRefused(name: String, value: String) throws {
        let client = Self.client.beforeSend { request, _ in
            request.fields[name] = value
            return .forward
        }
        try ScriptedTest(
            server: Self.plain(client),
            client: [
                .send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), .expect(Self.failed), .expectEnd,
                .end,
            ],
            upstream: []
        ).run(seeds: Self.seeds)
    }

    @Test(arguments: ["/a b", "/a\r\nX: y", "", "/\u{7f}", "/#"])
    func targetsAreRefused(target: String) throws {
        let client = Self.client.beforeSend { request, _ in
            request.target = target
            return .forward
        }
        try ScriptedTest(
            server: Self.plain(client),
            client: [
                .send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), .expect(Self.failed), .expectEnd,
                .end,
            ],
            upstream: []
        ).run(seeds: Self.seeds)
    }

    /// Limits of collected bodies, with a length and without.
    @Test(arguments: [
        "Content-Length: 12\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nc\r\nSome mixed t\r\n",
    ]) func bodiesThatAreTooLong(body: String) throws {
        let client = Self.client.beforeSend(collecting: 11) { _, _ in .forward }
        let answer = Self.failure(
            "413 Content Too Large", "the body is longer than a hook collects")
        try ScriptedTest(
            server: Self.plain(client),
            client: [
                .send("POST / HTTP/1.1\r\nHost: a\r\n\(body)"), .expect(answer), .expectEnd,
                .end,
            ],
            upstream: []
        ).run(seeds: Self.seeds)
    }
}
