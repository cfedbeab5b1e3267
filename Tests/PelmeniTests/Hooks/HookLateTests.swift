import Pelmeni
import TestSupport
import Testing

/// What comes behind a hook's last word: a session that waits for its queue takes no more.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct HookLateTests {
    /// Responses behind a finish, or a close, are dropped, though the client has bytes to read.
    @Test(arguments: ["finish", "close"], Variant.all)
    func responsesBehindTheEnd(word: String, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            Crossing(from: .tcp, to: .udp), variant,
            onServer: {
                $0.beforeForward { data, _ in
                    switch data.text {
                    case "finish": .finish()
                    case "close": .close("it said so")
                    default: .forward
                    }
                }
            })
        let client = try Wire(to: bridge.name)
        try client.write(BridgeClient.framed(Array("first".utf8)))
        let origin = try bridge.origin.wire
        let session = try origin.receive().from
        let long = [UInt8](repeating: 0x2e, count: 60_000)
        try bridge.wait("the client's queue is full") { statistics in
            origin.offer(long, to: session)
            return statistics.drops[.queueFull, default: 0] > 0
        }
        try client.write(BridgeClient.framed(Array(word.utf8)))
        try bridge.waitForCalls(2)
        origin.offer(Array("late".utf8), to: session)
        try bridge.wait("a late response is dropped") { $0.drops[.surplus, default: 0] > 0 }
        let (bytes, end) = try client.readAll()
        #expect(end == (word == "finish" ? .clean : .reset))
        let late = Array("late".utf8)
        #expect(!bytes.indices.contains { bytes[$0...].starts(with: late) })
        client.close()
        await bridge.expect([word == "finish" ? .completed : .hook: 1])
    }
}
