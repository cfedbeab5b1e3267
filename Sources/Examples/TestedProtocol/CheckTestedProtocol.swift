internal import ExampleSupport
internal import Pelmeni
internal import PelmeniTesting

/// Two commands at once, and an answer to each.
func conversation(with server: some Server) -> ScriptedTest {
    ScriptedTest(
        server: server,
        client: [
            .send("SET a 1\r\nGET a\r\n"), .expect("stored\r\n1\r\n"),
            .end, .expectEnd,
        ],
        upstream: [
            .expect([0, 7] + "SET a 1".utf8), .send([0, 6] + "stored".utf8),
            .expect([0, 5] + "GET a".utf8), .send([0, 1] + "1".utf8),
            .expectEnd,
        ])
}

/// The server passes all seeds, and the one with the planted bug does not.
func checkTestedProtocol(_ upstream: any Client) throws {
    let endpoint = Endpoint.tcp(host: "", port: 8080)
    try conversation(with: CommandServer(client: upstream, endpoint: endpoint)).run(seeds: 1...500)
    let hasty = conversation(with: HastyServer(client: upstream, endpoint: endpoint))
    let failure = try hasty.firstFailure(in: 1...500)
    try ExampleCheck.require(failure != nil, "no seed finds the planted bug")
    try ExampleCheck.equal(failure?.peer, "upstream 0", "the peer that notices")
    if let failure { print("the planted bug: \(failure)") }
}
