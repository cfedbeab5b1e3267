internal import ExampleSupport
internal import Pelmeni

/// A text is cut at every position, then into single bytes, and sent in both directions.
func checkCardRedactor(_ options: ExampleOptions) async throws {
    let origin = try PlainSocket.listening(.stream)
    let server = cardRedactor(listen: .local(), upstream: .local(origin.port))
    try await ExampleEngine.with(server, options) { engine, port in
        let check = CardCheck(engine: engine, origin: origin, port: port)
        let text = CardCheck.text
        for cut in 0...text.count {
            let parts = [Array(text[..<cut]), Array(text[cut...])]
            try check.send(parts.filter { !$0.isEmpty }, "cut at \(cut)")
        }
        try check.send(text.map { [$0] }, "single bytes")
        let long = Array(String(repeating: "1", count: 300_000).utf8)
        try check.send([long], wanted: long, "a long run of digits")
    }
}

private struct CardCheck {
    let engine: Engine
    let origin: PlainSocket
    let port: UInt16

    /// Numbers of 13, 16 and 19 digits that are cards, and others: a wrong check digit, 12 and 20
    /// digits. A card stands at the beginning and at the end.
    static let text = Array(
        """
        4222222222222 is a card, 4111111111111111 too; 4111111111111112 is none.
        5018000000000000007,378282246310005 79927398713 00000000000000000000 6011111111111117
        """.utf8)
    static let masked = Array(
        """
        *********2222 is a card, ************1111 too; 4111111111111112 is none.
        ***************0007,***********0005 79927398713 00000000000000000000 ************1117
        """.utf8)

    /// Sends parts in both directions, each as a chunk of its own.
    func send(
        _ parts: [[UInt8]], wanted: [UInt8] = masked, _ subject: String
    ) throws {
        let client = try PlainSocket.connected(.stream, to: port)
        let upstream = try origin.accept()
        try cross(parts, from: client, to: upstream, \.bytesToUpstream, wanted, subject)
        try cross(parts, from: upstream, to: client, \.bytesToClient, wanted, subject)
    }

    private func cross(
        _ parts: [[UInt8]], from source: PlainSocket, to target: PlainSocket,
        _ counter: KeyPath<Statistics, UInt64>, _ wanted: [UInt8], _ subject: String
    ) throws {
        var received = engine.statistics[keyPath: counter]
        for part in parts.dropLast() {
            try source.send(part)
            received += UInt64(part.count)
            // The engine has taken this part: the next one is another chunk.
            try ExampleCheck.wait("the engine receives a part") {
                engine.statistics[keyPath: counter] >= received
            }
        }
        if let last = parts.last { try source.send(last) }
        source.endSending()
        let found = try target.receiveAll()
        try ExampleCheck.require(
            found == wanted,
            "\(subject): \(String(decoding: found.prefix(400), as: UTF8.self))")
    }
}
