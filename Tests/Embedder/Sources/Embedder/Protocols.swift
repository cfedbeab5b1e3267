import Pelmeni

// The protocols of docs/guide/custom-protocols.md.

/// A line of a client's stream is one message, and a message is one line.
struct Lines: CustomServer {
    let client: any Client
    let endpoint: Endpoint
    var options = PairOptions()
    var hooks: [HookTable] = []

    func onReceive(
        _ data: inout Buffer, _ state: inout Void, _ context: borrowing Context
    ) throws {
        while context.room > 0, let line = data.takeLine() { context.deliver(line) }
    }

    func protocolSend(
        _ data: consuming Buffer, _ state: inout Void, _ context: borrowing Context
    ) throws {
        var data = data
        try data.append("\n")
        context.send(data)
    }
}

/// A number stands before each request. The upstream repeats it; a response to an earlier request
/// is dropped.
struct NumberedClient: CustomClient {
    let endpoints: [Endpoint]
    var hooks: [HookTable] = []

    func makeState() throws -> UInt8 { 0 }

    func protocolSend(
        _ data: consuming Buffer, _ number: inout UInt8, _ context: borrowing Context
    ) throws {
        var data = data
        number &+= 1
        try data.prepend([number])
        context.send(data)
    }

    func onReceive(
        _ data: inout Buffer, _ number: inout UInt8, _ context: borrowing Context
    ) throws {
        guard data.starts(with: [number]) else { return }
        data.removeFirst()
        context.deliver(data.take())
    }
}

/// A stream is relayed once its first line is the password.
struct Login: ProtocolDriver {
    static var carries: Cargo { .stream }
    static var restMax: Int { 256 }

    let password: String

    func makeState() throws -> Bool { false }

    func opened(_ isKnown: inout Bool, _ context: borrowing Context) throws {
        context.send(try Buffer("password: "))
        context.timer(after: .seconds(10))
    }

    func received(
        _ data: inout Buffer, _ isKnown: inout Bool, _ context: borrowing Context
    ) throws {
        if !isKnown {
            guard let line = data.takeLine() else { return }
            guard line.text == password else {
                context.send(try Buffer("no\n"))
                return context.end()
            }
            isKnown = true
            context.timer(after: nil)
        }
        context.deliver(data.take())
    }

    func arrived(
        _ data: consuming Buffer, _ isKnown: inout Bool, _ context: borrowing Context
    ) throws {
        context.send(data)
    }

    func timer(_ isKnown: inout Bool, _ context: borrowing Context) throws {
        context.end(.idle, reset: true)
    }

    func closing(_ cause: EndCause, _ isKnown: inout Bool, _ context: borrowing Context) {
        notes.note("\(context.client.host) \(isKnown) \(cause)")
    }
}

/// Tells a stream upstream who the client is: the PROXY protocol, version 1.
struct ProxyHeader: ProtocolDriver {
    static var carries: Cargo { .stream }

    let ownPort: UInt16

    func opened(_ state: inout Void, _ context: borrowing Context) throws {
        let client = context.client
        context.send(
            try Buffer("PROXY TCP4 \(client.host) 127.0.0.1 \(client.port ?? 0) \(ownPort)\r\n"))
    }

    func received(
        _ data: inout Buffer, _ state: inout Void, _ context: borrowing Context
    ) throws {
        context.deliver(data.take())
    }

    func arrived(
        _ data: consuming Buffer, _ state: inout Void, _ context: borrowing Context
    ) throws {
        context.send(data)
    }
}

enum Protocols {
    static func lines(to upstream: UDPClient) -> Lines {
        Lines(client: upstream, endpoint: .tcp(host: "127.0.0.1", port: 0))
    }

    static func numbered(_ upstreams: [Endpoint]) -> TCPServer {
        TCPServer(
            NumberedClient(endpoints: upstreams), listen: "127.0.0.1", port: 0, framing: .line)
    }

    static func guarded(_ client: TCPClient) -> DrivenServer<Login> {
        DrivenServer(
            Login(password: "sesame"), client, listen: .tcp(host: "127.0.0.1", port: 0))
    }

    static func announced(_ upstreams: [Endpoint]) -> TCPServer {
        TCPServer(
            DrivenClient(ProxyHeader(ownPort: 443), to: upstreams), listen: "127.0.0.1", port: 0)
    }
}

extension Program {
    func runProtocols() async throws {
        _ = try await with(Protocols.lines(to: datagrams)) { port in
            let client = try PlainClient.stream(to: port)
            for part in ["one\ntw", "o\r\n", "three\nfour"] { try client.send(part) }
            try expect(try client.receive(bytes: 14), "one\ntwo\nthree\n", "lines")
        }
        _ = try await with(Protocols.numbered(datagrams.endpoints)) { port in
            let client = try PlainClient.stream(to: port)
            for text in ["first\n", "second\n"] {
                try client.send(text)
                try expect(try client.receive(bytes: text.utf8.count), text, "a response")
            }
        }
        notes.removeAll()
        let guarded = Protocols.guarded(streams)
        try await exchange(guarded, "sesame\nhello", "password: hello", "a login")
        try await exchange(guarded, "open\nhello", "password: no\n", "a wrong password")
        try expect(
            Set(notes.all), ["127.0.0.1 true completed", "127.0.0.1 false completed"], "ends")
        _ = try await with(Protocols.announced(echoes)) { port in
            let client = try PlainClient.stream(to: port)
            try client.send("hello")
            let wanted = "PROXY TCP4 127.0.0.1 127.0.0.1 \(client.port) 443\r\nhello"
            try expect(try client.receive(bytes: wanted.utf8.count), wanted, "a header")
        }
        do {
            _ = try Engine(
                servers: [Lines(client: streams, endpoint: .tcp(host: "127.0.0.1", port: 0))])
            throw Failure("not refused: messages over a stream of bytes")
        } catch let error as EngineError {
            try expect(error.reason.contains("Lines carries messages"), true, "\(error)")
        }
    }
}
