internal import ExampleSupport
internal import Pelmeni

/// Two guests see each other's lines, however these are cut, and their own commands' answers.
func checkChatServer(_ options: ExampleOptions) async throws {
    let server = chatServer(listen: .local(), hub: .local(try ChatHub().port))
    try await ExampleEngine.with(server, options) { engine, port in
        let first = try PlainSocket.connected(.stream, to: port)
        try expect(first, "* you are guest1: /nick NAME, /who, /quit\n+ guest1 is here\n")
        let second = try PlainSocket.connected(.stream, to: port)
        try expect(second, "* you are guest2: /nick NAME, /who, /quit\n+ guest2 is here\n")
        try expect(first, "+ guest2 is here\n")

        try first.send("/nick Ann\r\n")
        for guest in [first, second] { try expect(guest, "* guest1 is now Ann\n") }
        try second.send("/nick Ann\n/nick\n/what\n/who\n")
        try expect(second, "* that name is not free\n* that name is not free\n")
        try expect(second, "* no command /what\n* here: Ann guest2\n")

        for byte in Array("hello, all\n".utf8) { try first.send([byte]) }
        for guest in [first, second] { try expect(guest, "Ann: hello, all\n") }

        try first.send("/quit\nnobody sees this\n")
        try expect(first, "* bye\n")
        try ExampleCheck.equal(try first.receiveAll(), [], "bytes behind the last line")
        try expect(second, "- Ann has left\n")
        try second.send("/who\n")
        try expect(second, "* here: guest2\n")

        let long = try PlainSocket.connected(.stream, to: port)
        try expect(long, "* you are guest3: /nick NAME, /who, /quit\n+ guest3 is here\n")
        try long.send([UInt8](repeating: UInt8(ascii: "x"), count: ChatServer.restMax))
        try ExampleCheck.wait("a line without end closes its session") {
            engine.statistics.causes[.protocolError] == 1
        }
    }
}

private func expect(_ guest: PlainSocket, _ text: String) throws {
    let found = try guest.receive(exactly: text.utf8.count)
    try ExampleCheck.equal(String(decoding: found, as: UTF8.self), text, "what a guest sees")
}
