import CPelmeni
import Glibc
import Pelmeni
import TestSupport
import Testing

/// Descriptors that programs pass over Unix sockets: they are closed and counted, and the bytes
/// that they came with go on whole.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct DescriptorPassingTests {
    /// A pipe whose writing end is passed: it reports a hang-up once every copy is closed.
    private struct Passed {
        let reading: Int32
        let writing: Int32

        init() throws {
            var ends: [Int32] = [-1, -1]
            guard pelmeni_spawn_pipe(&ends) == 0 else { throw WireError("pipe") }
            (reading, writing) = (ends[0], ends[1])
        }

        func expectClosed() {
            close(writing)
            #expect(DescriptorPassing.isClosed(readingEnd: reading), "a copy is open")
            close(reading)
        }
    }

    private func expectWarning(_ bridge: Bridge, _ count: Int) {
        let entries = bridge.log.entries(from: .warning).filter {
            $0.message.contains("passed descriptors")
        }
        // At most five at once, and the number of the others.
        #expect(entries.count == min(count, 6), "\(entries)")
    }

    @Test(arguments: Variant.all, [Face.unix, .tcp])
    func overAStream(variant: Variant, to side: Face) async throws {
        let bridge = try await Bridge.start(Crossing(from: .unix, to: side), variant)
        let client = try Wire(to: bridge.name)
        let upstream = try bridge.origin.accept()
        let passed = try Passed()
        try client.write("before ")
        #expect(try upstream.readText(7) == "before ")
        for turn in 0..<8 {
            try client.write("ask \(turn)", with: passed.writing)
            #expect(try upstream.readText(5) == "ask \(turn)")
        }
        try client.write(" behind")
        #expect(try upstream.readText(7) == " behind")
        var count = 8
        if side == .unix {
            try upstream.write("answer", with: passed.writing)
            #expect(try client.readText(6) == "answer")
            count += 1
        } else {
            try upstream.write("answer")
            #expect(try client.readText(6) == "answer")
        }
        passed.expectClosed()
        client.close()
        upstream.close()
        let statistics = await bridge.stop()
        #expect(statistics.descriptorsDropped == UInt64(count))
        #expect(statistics.bytesToUpstream == 7 + 8 * 5 + 7)
        expectWarning(bridge, count)
    }

    /// A datagram of any size, from a client and from an upstream.
    @Test(arguments: Variant.all, [Face.unixgram, .udp])
    func withADatagram(variant: Variant, to side: Face) async throws {
        let bridge = try await Bridge.start(Crossing(from: .unixgram, to: side), variant)
        guard case .datagrams(let client) = try bridge.client() else { return }
        let origin = try bridge.origin.wire
        let passed = try Passed()
        let long = String(repeating: "x", count: 20_000)
        for text in ["one", long, "three"] {
            try client.send(text, with: passed.writing)
            #expect(try origin.receiveText() == text)
        }
        passed.expectClosed()
        let statistics = await bridge.stop()
        #expect(statistics.drops == [:])
        #expect(statistics.datagramsToUpstream == 3)
        #expect(statistics.descriptorsDropped == 3)
        expectWarning(bridge, 3)
    }
}
