internal import ExampleSupport
internal import Pelmeni

/// A resolver of one answer stands behind the server: a name is moved, another one is blocked and
/// never asked for, and a third one is left alone. Damaged messages pass unchanged.
func checkDNSRewriter(_ options: ExampleOptions, _ rules: DNSRewriter) async throws {
    let resolver = try PlainSocket.listening(.datagrams)
    let server = dnsRewriter(listen: .local(), upstream: .local(resolver.port), rules)
    try await ExampleEngine.with(server, options) { engine, port in
        var query = DNSPlan(id: 1)
        func ask(_ name: String) throws -> [UInt8] {
            query.id += 1
            let client = try PlainSocket.connected(.datagrams, to: port)
            try client.send(query.question(name))
            try ExampleCheck.equal(try resolver.receive(), query.question(name), "a query")
            try resolver.answer(query.response(name, [192, 0, 2, 1]))
            return try client.receive()
        }
        try ExampleCheck.equal(
            try ask(rules.rewritten.uppercased()),
            query.response(rules.rewritten.uppercased(), rules.address), "the moved name")
        try ExampleCheck.equal(
            try ask("other.example"), query.response("other.example", [192, 0, 2, 1]),
            "another name")

        let client = try PlainSocket.connected(.datagrams, to: port)
        query.id += 1
        try client.send(query.question(rules.blocked))
        try ExampleCheck.equal(
            try client.receive(), query.refusal(rules.blocked), "the blocked name")

        for length in [0, 1, 11, 12, 13, 20, 28] {
            let client = try PlainSocket.connected(.datagrams, to: port)
            let part = Array(query.question(rules.blocked).prefix(length))
            try client.send(part)
            try ExampleCheck.equal(try resolver.receive(), part, "\(length) bytes of a query")
            let cut = Array(query.response(rules.rewritten, [1, 2, 3, 4]).dropLast(length + 1))
            try resolver.answer(cut)
            try ExampleCheck.equal(try client.receive(), cut, "a response without its end")
        }
        try ExampleCheck.equal(
            engine.statistics.hooks.first?.drops, 1, "units that the hook did not forward")
    }
}

/// The messages of the check.
private struct DNSPlan {
    var id: UInt8

    private func name(_ name: String) -> [UInt8] {
        name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    private func head(_ flags: [UInt8], answers: UInt8) -> [UInt8] {
        [0, id] + flags + [0, 1, 0, answers, 0, 0, 0, 0]
    }

    func question(_ text: String) -> [UInt8] {
        head([0x01, 0x00], answers: 0) + name(text) + [0, 1, 0, 1]
    }

    /// An alias, and then an address of the name of the question, which a pointer names.
    func response(_ text: String, _ address: [UInt8]) -> [UInt8] {
        let alias = name("alias.example") + [0, 5, 0, 1, 0, 0, 0, 60, 0, 2, 0xc0, 12]
        let record: [UInt8] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]
        return head([0x81, 0x80], answers: 2) + name(text) + [0, 1, 0, 1] + alias + record
            + address
    }

    func refusal(_ text: String) -> [UInt8] {
        head([0x81, 0x83], answers: 0) + name(text) + [0, 1, 0, 1]
    }
}
