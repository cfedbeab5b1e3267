import Pelmeni
import TestSupport
import Testing

/// Two bytes of length before each message of a stream.
private enum Lengths {
    /// Calls a function with each whole message; a part of one is left.
    static func cut(
        _ data: inout Buffer, isStream: Bool, _ context: borrowing Context,
        _ body: (consuming Buffer) throws -> Void
    ) throws {
        guard isStream else { return try body(data.take()) }
        while context.room > 0, data.count >= 2 {
            let bytes = data.array.prefix(2)
            let count = Int(bytes[0]) << 8 | Int(bytes[1])
            guard data.count >= 2 + count else { return }
            data.removeFirst(2)
            try body(data.take(first: count))
        }
    }

    static func wrap(_ data: inout Buffer, isStream: Bool) throws {
        if isStream { try data.prepend([UInt8(data.count >> 8), UInt8(data.count & 0xff)]) }
    }
}

/// Messages of a session so far, each way.
private struct Counts {
    var taken = 0
    var sent = 0
}

private struct CountingServer: CustomServer {
    static var restMax: Int { 128 << 10 }

    let client: any Client
    let endpoint: Endpoint
    var options = PairOptions()
    var hooks: [HookTable] = []
    let isStream: Bool

    func makeState() throws -> Counts { Counts() }

    func protocolSend(
        _ data: consuming Buffer, _ state: inout Counts, _ context: borrowing Context
    ) throws {
        var data = data
        state.sent += 1
        try data.prepend("\(state.sent):")
        try Lengths.wrap(&data, isStream: isStream)
        context.send(data)
    }

    func onReceive(
        _ data: inout Buffer, _ state: inout Counts, _ context: borrowing Context
    ) throws {
        try Lengths.cut(&data, isStream: isStream, context) { message in
            var message = message
            state.taken += 1
            try message.prepend("\(state.taken):")
            context.deliver(message)
        }
    }
}

private struct CountingClient: CustomClient {
    static var restMax: Int { 128 << 10 }

    let endpoints: [Endpoint]
    var hooks: [HookTable] = []
    let isStream: Bool

    func makeState() throws -> Counts { Counts() }

    func protocolSend(
        _ data: consuming Buffer, _ state: inout Counts, _ context: borrowing Context
    ) throws {
        var data = data
        state.sent += 1
        try data.prepend("\(state.sent):")
        try Lengths.wrap(&data, isStream: isStream)
        context.send(data)
    }

    func onReceive(
        _ data: inout Buffer, _ state: inout Counts, _ context: borrowing Context
    ) throws {
        try Lengths.cut(&data, isStream: isStream, context) { message in
            var message = message
            state.taken += 1
            try message.prepend("\(state.taken):")
            context.deliver(message)
        }
    }
}

/// Chunks as they come: every method has its default.
private struct PlainServer: CustomServer {
    static var carries: Cargo { .stream }

    let client: any Client
    let endpoint: Endpoint
    var options = PairOptions()
    var hooks: [HookTable] = []
}

private struct PlainClient: CustomClient {
    static var carries: Cargo { .stream }

    let endpoints: [Endpoint]
    var hooks: [HookTable] = []
}

/// Custom servers and clients beside each built-in kind.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(3))) struct DriverMatrixTests {
    private static func messages(
        _ crossing: Crossing, _ variant: Variant, _ side: DriverSide
    ) async throws -> Bridge {
        try await Bridge.driven(crossing, variant) { names, path in
            let plain = crossing.to.client(names, framing: crossing.messageFraming)
            guard side == .client else {
                let listener = crossing.from.server(plain, path: path, options: PairOptions())
                return CountingServer(
                    client: plain, endpoint: listener.endpoint, isStream: crossing.from.isStream)
            }
            let client = CountingClient(
                endpoints: plain.endpoints, isStream: crossing.to.isStream)
            var options = PairOptions()
            options.framing = crossing.messageFraming
            return crossing.from.server(client, path: path, options: options)
        }
    }

    /// Many sessions at once: each counts its own messages, both ways.
    @Test(arguments: Crossing.all, Variant.all)
    func messagesBothWays(crossing: Crossing, variant: Variant) async throws {
        for side in DriverSide.allCases {
            try await exchange(try await Self.messages(crossing, variant, side))
        }
    }

    private func exchange(_ bridge: Bridge) async throws {
        let sizes = [0, 1, 700, 1, 9_000, 60_000]
        let clients = try (0..<6).map { try bridge.client($0) }
        let serving = beside { try bridge.origin.serve(clients.count * sizes.count) }
        for (round, size) in sizes.enumerated() {
            for (number, client) in clients.enumerated() {
                try client.ask(Pattern.shared.stream(key: number, count: size))
            }
            for (number, client) in clients.enumerated() {
                let head = Array("\(round + 1):\(round + 1):".utf8)
                let bytes = Pattern.shared.stream(key: number, count: size)
                expectSame(try client.answer(), head + bytes)
            }
        }
        try await serving.value
        for client in clients { client.close() }
        let statistics = await bridge.stop()
        let count = UInt64(clients.count * sizes.count)
        #expect(statistics.drops == [:])
        #expect(statistics.datagramsToUpstream == count)
        #expect(statistics.datagramsToClient == count)
        #expect(statistics.accepted == UInt64(clients.count))
    }

    private static func streams(
        _ crossing: Crossing, _ variant: Variant, _ side: DriverSide
    ) async throws -> Bridge {
        try await Bridge.driven(crossing, variant) { names, path in
            let plain = crossing.to.client(names)
            let options = PairOptions()
            guard side == .client else {
                let listener = crossing.from.server(plain, path: path, options: options)
                return PlainServer(client: plain, endpoint: listener.endpoint)
            }
            let client = PlainClient(endpoints: plain.endpoints)
            return crossing.from.server(client, path: path, options: options)
        }
    }

    /// Some MiB both ways at once, to both ends: each end goes its own way.
    @Test(arguments: Crossing.allStreams, Variant.all)
    func streamsBothWays(crossing: Crossing, variant: Variant) async throws {
        let count = 3 << 20
        for side in DriverSide.allCases {
            let bridge = try await Self.streams(crossing, variant, side)
            let sessions = try (0..<3).map { _ in try bridge.streams() }
            let up = sessions.enumerated().map { number, session in
                beside {
                    try session.client.write(Pattern.shared.stream(key: number, count: count))
                    session.client.finish()
                }
            }
            let down = sessions.enumerated().map { number, session in
                beside {
                    try session.upstream.write(
                        Pattern.shared.stream(key: number + 10, count: count))
                    session.upstream.finish()
                }
            }
            let upward = sessions.map { session in beside { try session.upstream.readAll() } }
            let downward = sessions.map { session in beside { try session.client.readAll() } }
            for number in sessions.indices {
                let (sent, got) = (try await upward[number].value, try await downward[number].value)
                expectSame(sent.bytes, Pattern.shared.stream(key: number, count: count))
                expectSame(got.bytes, Pattern.shared.stream(key: number + 10, count: count))
                #expect(sent.end == .clean && got.end == .clean)
                try await up[number].value
                try await down[number].value
            }
            await bridge.expect([.completed: 3])
        }
    }

    /// The defaults of both ends: a half-closed stream goes on the other way.
    @Test(arguments: Crossing.allStreams, Variant.all)
    func halfCloses(crossing: Crossing, variant: Variant) async throws {
        for side in DriverSide.allCases {
            let bridge = try await Self.streams(crossing, variant, side)
            for isByClient in [true, false] {
                let (client, upstream) = try bridge.streams()
                let (first, second) = isByClient ? (client, upstream) : (upstream, client)
                try first.write("the first end")
                first.finish()
                let (bytes, end) = try second.readAll()
                #expect(bytes == Array("the first end".utf8))
                #expect(end == .clean)
                try second.write("goes on")
                second.finish()
                #expect(try first.readAll() == (Array("goes on".utf8), .clean))
            }
            await bridge.expect([.completed: 2])
        }
    }

    /// A reset of either side ends the session, behind what the other side has got.
    @Test(arguments: Variant.all) func resets(variant: Variant) async throws {
        for side in DriverSide.allCases {
            for isByClient in [true, false] {
                let bridge = try await Self.streams(.streams, variant, side)
                let (client, upstream) = try bridge.streams()
                let (first, second) = isByClient ? (client, upstream) : (upstream, client)
                try first.write("before")
                #expect(try second.readText(6) == "before")
                first.reset()
                #expect(try second.readEnd() == .reset)
                second.close()
                await bridge.expect([isByClient ? .clientReset : .upstreamReset: 1])
            }
        }
    }
}
