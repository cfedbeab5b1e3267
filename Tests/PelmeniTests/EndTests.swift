import Glibc
import Pelmeni
import TestSupport
import Testing

/// Ends: half-closes, resets, and the bytes sent before them.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct EndTests {
    static let sizes = [0, 1, 16_384, 262_145, 3_000_000]

    @Test(arguments: Variant.all) func theClientEndsFirst(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        for size in Self.sizes {
            let bytes = Pattern.shared.stream(key: size, count: size)
            let (client, upstream) = try relay.session()
            let asking = beside {
                try client.write(bytes)
                client.finish()
            }
            #expect(try upstream.readAll() == (bytes, .clean))
            try await asking.value
            // The other direction continues without a limit.
            let answering = beside {
                try upstream.write(bytes)
                try upstream.write("end")
                upstream.close()
            }
            #expect(try client.readAll() == (bytes + Array("end".utf8), .clean))
            try await answering.value
        }
        await relay.expect([.completed: UInt64(Self.sizes.count)])
    }

    /// An urgent byte (tcp(7), MSG_OOB) is forwarded in its place, and the bytes behind it still
    /// arrive: splice(2) stops before one.
    @Test(arguments: Variant.all) func anUrgentByteStopsNoLongStream(variant: Variant) async throws
    {
        let relay = try await Relay.start(variant)
        let (client, upstream) = try relay.session()
        let bytes = Pattern.shared.stream(key: 7, count: 6_000_000)
        for round in 0..<3 {
            let behind = Pattern.shared.stream(key: round, count: 100)
            let asking = beside {
                try client.write(bytes)
                #expect(send(client.socket, "!", 1, Int32(MSG_OOB)) == 1)
                try client.write(behind)
            }
            let wanted = bytes + Array("!".utf8) + behind
            #expect(try upstream.read(exactly: wanted.count) == wanted)
            try await asking.value
        }
        client.finish()
        #expect(try upstream.readEnd() == .clean)
        upstream.close()
        #expect(try client.readEnd() == .clean)
        await relay.expect([.completed: 1])
    }

    /// An end that arrives before the bytes behind an urgent byte are read: splice(2) returns 0
    /// then.
    @Test(arguments: Variant.all) func anEndBehindAnUrgentByteLosesNothing(
        variant: Variant
    ) async throws {
        let relay = try await Relay.start(variant)
        let bytes = Pattern.shared.stream(key: 8, count: 6_000_000)
        let behind = Pattern.shared.stream(key: 9, count: 20_000)
        for _ in 0..<3 {
            let (client, upstream) = try relay.session()
            let asking = beside {
                try client.write(bytes)
                #expect(send(client.socket, "!", 1, Int32(MSG_OOB)) == 1)
                try client.write(behind)
                client.finish()
            }
            #expect(try upstream.readAll() == (bytes + Array("!".utf8) + behind, .clean))
            try await asking.value
            upstream.close()
            #expect(try client.readEnd() == .clean)
        }
        await relay.expect([.completed: 3])
    }

    @Test(arguments: Variant.all) func theUpstreamEndsFirst(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        for size in Self.sizes {
            let bytes = Pattern.shared.stream(key: size, count: size)
            let (client, upstream) = try relay.session()
            let answering = beside {
                try upstream.write(bytes)
                upstream.finish()
            }
            #expect(try client.readAll() == (bytes, .clean))
            try await answering.value
            let asking = beside {
                try client.write(bytes)
                client.close()
            }
            #expect(try upstream.readAll() == (bytes, .clean))
            try await asking.value
        }
        await relay.expect([.completed: UInt64(Self.sizes.count)])
    }

    /// The bytes delivered before a reset arrive, then the reset; never a clean end.
    @Test(arguments: Variant.all) func aResetOfTheClient(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        for size in Self.sizes.prefix(4) {
            let bytes = Pattern.shared.stream(key: size, count: size)
            let (client, upstream) = try relay.talkingSession()
            try client.write(bytes)
            #expect(try upstream.read(exactly: size) == bytes)
            client.reset()
            #expect(try upstream.readEnd() == .reset)
        }
        await relay.expect([.clientReset: 4])
    }

    @Test(arguments: Variant.all) func aResetOfTheUpstream(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        for size in Self.sizes.prefix(4) {
            let bytes = Pattern.shared.stream(key: size, count: size)
            let (client, upstream) = try relay.talkingSession()
            try upstream.write(bytes)
            #expect(try client.read(exactly: size) == bytes)
            upstream.reset()
            #expect(try client.readEnd() == .reset)
        }
        await relay.expect([.upstreamReset: 4])
    }

    /// The client reads nothing until the upstream has sent its bytes and reset the connection.
    @Test(arguments: Variant.all) func bytesBeforeAReset(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        for size in [1, 1000, 16_384, 200_000] {
            let bytes = Pattern.shared.stream(key: size, count: size)
            let (client, upstream) = try relay.session()
            let taken = relay.engine.statistics.bytesToClient
            try upstream.write(bytes)
            // Once the engine has them, no reset on that side can destroy them.
            try waitUntil("the engine has received \(size) bytes") {
                relay.engine.statistics.bytesToClient == taken + UInt64(size)
            }
            upstream.reset()
            try waitUntil("the session is over") { relay.engine.statistics.open == 0 }
            // The kernel discards a client's unread bytes when a reset arrives, so the rest is a
            // prefix; a client that reads at once gets all, as the next test shows.
            let (received, end) = try client.readAll()
            #expect(received.count <= size)
            #expect(Pattern.shared.firstWrong(received, key: size) == nil)
            #expect(end == .reset)
        }
        await relay.expect([.upstreamReset: 4])
    }

    @Test(arguments: Variant.all) func allBytesBeforeAReset(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        for size in [1, 1000, 16_384, 200_000, 2_000_000] {
            let bytes = Pattern.shared.stream(key: size, count: size)
            let (client, upstream) = try relay.session()
            let reading = beside { try client.readAll() }
            let taken = relay.engine.statistics.bytesToClient
            try upstream.write(bytes)
            try waitUntil("the engine has received \(size) bytes") {
                relay.engine.statistics.bytesToClient == taken + UInt64(size)
            }
            upstream.reset()
            let (received, end) = try await reading.value
            #expect(received == bytes)
            #expect(end == .reset)
        }
        await relay.expect([.upstreamReset: 5])
    }

    /// The reader stopped long ago, so the sender is not read either: its reset is seen
    /// nevertheless.
    @Test(arguments: Variant.all) func aResetBehindAStalledReader(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        let (client, upstream) = try relay.session()
        let flag = fcntl(upstream.socket, F_GETFL)
        _ = fcntl(upstream.socket, F_SETFL, flag | O_NONBLOCK)
        try waitUntil("the upstream can send no more") {
            var waiting = pollfd(fd: upstream.socket, events: Int16(POLLOUT), revents: 0)
            guard poll(&waiting, 1, 300) == 1 else { return true }
            let bytes = [UInt8](repeating: 1, count: 1 << 16)
            _ = send(upstream.socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            return false
        }
        upstream.reset()
        try waitUntil("the session is over") { relay.engine.statistics.open == 0 }
        #expect(try client.readAll().end == .reset)
        await relay.expect([.upstreamReset: 1])
    }

    @Test(arguments: Variant.all) func aResetAfterAHalfClose(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        let (client, upstream) = try relay.session()
        try client.write("question")
        client.finish()
        #expect(try upstream.readAll() == (Array("question".utf8), .clean))
        try upstream.write("half an ans")
        #expect(try client.readText(11) == "half an ans")
        upstream.reset()
        #expect(try client.readEnd() == .reset)
        await relay.expect([.upstreamReset: 1])
    }

    @Test(arguments: Variant.all) func bothEndAtOnce(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        for _ in 0..<50 {
            let (client, upstream) = try relay.session()
            try client.write("a")
            try upstream.write("b")
            client.finish()
            upstream.finish()
            #expect(try client.readAll() == (Array("b".utf8), .clean))
            #expect(try upstream.readAll() == (Array("a".utf8), .clean))
        }
        await relay.expect([.completed: 50])
    }

    @Test(arguments: Variant.all) func twentyMegabytesBothWays(variant: Variant) async throws {
        let relay = try await Relay.start(variant)
        let (client, upstream) = try relay.session()
        let size = 20 << 20
        let asking = beside {
            try client.write(Pattern.shared.stream(key: 8, count: size))
            client.finish()
        }
        let answering = beside {
            try upstream.write(Pattern.shared.stream(key: 9, count: size))
            upstream.finish()
        }
        let reading = beside { try upstream.readAll() }
        let answer = try client.readAll()
        let question = try await reading.value
        try await asking.value
        try await answering.value
        #expect(answer.bytes.count == size && question.bytes.count == size)
        #expect(Pattern.shared.firstWrong(answer.bytes, key: 9) == nil)
        #expect(Pattern.shared.firstWrong(question.bytes, key: 8) == nil)
        #expect(answer.end == .clean && question.end == .clean)
        await relay.expect([.completed: 1])
        let statistics = relay.engine.statistics
        #expect(statistics.bytesSpliced > 0)
        #expect(statistics.bytesSpliced <= statistics.bytesToUpstream + statistics.bytesToClient)
    }
}
