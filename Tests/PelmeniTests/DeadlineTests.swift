import Glibc
import Pelmeni
import TestSupport
import Testing

/// Each deadline ends a session with its own cause, and not before its time.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct DeadlineTests {
    private func time(until end: Wire.End, _ wire: Wire) throws -> Duration {
        let start = ContinuousClock.now
        #expect(try wire.readEnd() == end)
        return ContinuousClock.now - start
    }

    private func expect(
        _ took: Duration, atLeast least: Duration, _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(took >= least, sourceLocation: location)
        #expect(took < least + .seconds(5), sourceLocation: location)
    }

    @Test(arguments: Variant.all) func idle(variant: Variant) async throws {
        let relay = try await Relay.start(variant) { $0.idleTimeout = .after(.milliseconds(300)) }
        let (client, upstream) = try relay.session()
        // Bytes in either direction extend it.
        for _ in 0..<4 {
            usleep(100_000)
            try client.write("x")
            #expect(try upstream.readText(1) == "x")
            usleep(100_000)
            try upstream.write("y")
            #expect(try client.readText(1) == "y")
        }
        // Neither side has ended its stream, so neither sees an end.
        let took = try time(until: .reset, client)
        expect(took, atLeast: .milliseconds(250))
        #expect(try upstream.readEnd() == .reset)
        await relay.expect([.idle: 1])
    }

    @Test(arguments: Variant.all) func firstByte(variant: Variant) async throws {
        let relay = try await Relay.start(variant) {
            $0.firstByteTimeout = .after(.milliseconds(200))
        }
        let silent = try relay.session()
        let spoken = try relay.session()
        try spoken.upstream.write("hello")
        #expect(try spoken.client.readText(5) == "hello")
        #expect(try silent.client.readEnd() == .reset)
        #expect(try silent.upstream.readEnd() == .reset)
        // A side that sent in time may be silent from then on.
        usleep(300_000)
        try spoken.client.write("still here")
        #expect(try spoken.upstream.readText(10) == "still here")
        spoken.client.close()
        spoken.upstream.close()
        await relay.expect([.firstByte: 1, .completed: 1])
    }

    @Test(arguments: Variant.all) func linger(variant: Variant) async throws {
        let relay = try await Relay.start(variant) { $0.lingerTimeout = .after(.milliseconds(300)) }
        let (client, upstream) = try relay.session()
        // Before an end this deadline does not exist.
        usleep(400_000)
        client.finish()
        #expect(try upstream.readEnd() == .clean)
        // A byte starts it anew.
        usleep(150_000)
        try upstream.write("more")
        #expect(try client.readText(4) == "more")
        // The client's bytes may be half of an answer.
        let took = try time(until: .reset, client)
        expect(took, atLeast: .milliseconds(250))
        #expect(try upstream.readEnd() == .clean)
        await relay.expect([.linger: 1])
    }

    /// The kernel took all bytes long ago, and the client still reads them: that is no silence.
    @Test(.alone, arguments: Variant.all) func slowIsNotIdle(variant: Variant) async throws {
        let relay = try await Relay.start(variant) {
            $0.idleTimeout = .after(.seconds(1))
            $0.lingerTimeout = .after(.seconds(1))
        }
        let (client, upstream) = try relay.session()
        let bytes = Pattern.shared.stream(key: 6, count: 12 << 20)
        let sending = beside {
            try upstream.write(bytes)
            upstream.finish()
        }
        var received: [UInt8] = []
        for _ in 0..<60 {
            received += try client.read(exactly: 20_000)
            usleep(50_000)
        }
        let (rest, end) = try client.readAll()
        // At once: a loaded machine may compare so many bytes for longer than a deadline.
        client.close()
        #expect(received + rest == bytes)
        #expect(end == .clean)
        try await sending.value
        await relay.expect([.completed: 1])
    }

    /// The bytes that a stalled side did not take are lost: the end must not look clean.
    @Test(arguments: Variant.all) func stall(variant: Variant) async throws {
        let relay = try await Relay.start(variant) { $0.stallTimeout = .after(.milliseconds(300)) }
        let (client, upstream) = try relay.session()
        let flood = beside {
            let bytes = [UInt8](repeating: 7, count: 1 << 16)
            do {
                while true { try upstream.write(bytes) }
            } catch let error as WireError {
                return error.code
            }
        }
        let code = try await flood.value
        #expect(code == ECONNRESET || code == EPIPE)
        #expect(try client.readAll().end == .reset)
        await relay.expect([.sendStalled: 1])
    }

    /// A slow reader is not a stalled one.
    @Test(.alone, arguments: Variant.all) func slowIsNotStalled(variant: Variant) async throws {
        let relay = try await Relay.start(variant) { $0.stallTimeout = .after(.milliseconds(300)) }
        let (client, upstream) = try relay.session()
        let bytes = Pattern.shared.stream(key: 5, count: 16 << 20)
        let sending = beside {
            try upstream.write(bytes)
            upstream.finish()
        }
        var received: [UInt8] = []
        for _ in 0..<12 {
            received += try client.read(exactly: 1 << 20)
            usleep(100_000)
        }
        let (rest, end) = try client.readAll()
        // At once: a loaded machine may compare so many bytes for longer than a deadline.
        client.close()
        #expect(received + rest == bytes)
        #expect(end == .clean)
        try await sending.value
        await relay.expect([.completed: 1])
    }

    @Test(arguments: Variant.all) func connect(variant: Variant) async throws {
        let (relay, fillers) = try await Self.unanswered(variant)
        let client = try relay.connect()
        let took = try time(until: .reset, client)
        expect(took, atLeast: .milliseconds(250))
        await relay.expect([.connectTimeout: 1])
        for filler in fillers { filler.close() }
    }

    /// A client that closes while its upstream is dialled does not wait for the connect deadline.
    @Test(arguments: Variant.all) func aClientThatLeavesEarly(variant: Variant) async throws {
        let (relay, fillers) = try await Self.unanswered(variant, connect: .seconds(300))
        let client = try relay.connect()
        try client.write("x")
        client.reset()
        try waitUntil("the session is accepted") { relay.engine.statistics.accepted == 1 }
        try waitUntil("it is over") { relay.engine.statistics.open == 0 }
        await relay.engine.drain()
        #expect(relay.engine.statistics.causes == [.clientReset: 1])
        for filler in fillers { filler.close() }
    }

    /// A relay whose upstream never answers a connect, and the connections that fill its queue.
    private static func unanswered(
        _ variant: Variant, connect: Duration = .milliseconds(300)
    ) async throws -> (Relay, [Wire]) {
        let origin = try TestListener(backlog: 0)
        let fillers = try fill(origin)
        let relay = try await Relay.start(
            variant, to: TCPClient("127.0.0.1", port: origin.port), origin: origin
        ) { $0.connectTimeout = connect }
        return (relay, fillers)
    }

    /// Fills the queue of a listener, so that the next connection gets no answer at all.
    private static func fill(_ listener: TestListener) throws -> [Wire] {
        var fillers: [Wire] = []
        for _ in 0..<16 {
            let socket = try listener.name.newSocket()
            fillers.append(Wire(socket: socket))
            listener.name.beginConnect(socket)
            var waiting = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
            if poll(&waiting, 1, 100) == 0 { return fillers }
        }
        throw Overdue(description: "the listener's queue does not fill")
    }
}
