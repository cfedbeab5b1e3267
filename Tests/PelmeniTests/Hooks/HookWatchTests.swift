import Dispatch
import Pelmeni
import TestSupport
import Testing

/// Hooks that block their workers are named.
@Suite struct HookWatchTests {
    /// A hook waits until it was reported: no sleep decides, only the report.
    @Test(arguments: Variant.all) func aHookThatBlocks(variant: Variant) async throws {
        let report = DispatchSemaphore(value: 0)
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: { server in
                server.beforeForward { data, _ in
                    // Bounded, so that a watch that sees nothing fails the test and ends it.
                    _ = report.wait(timeout: .now() + 10)
                    return .forward
                }
            })
        let (client, upstream) = try bridge.streams()
        try client.write("slow")
        try bridge.wait("the stall is counted") { $0.hooks[0].stalls == 1 }
        report.signal()
        #expect(try upstream.read(exactly: 4) == Array("slow".utf8))
        try waitUntil("its return is logged") {
            bridge.log.entries(from: .warning).contains {
                $0.message == "a hook has returned that blocked its worker"
            }
        }
        let entry = bridge.log.entries(from: .warning).first {
            $0.message == "a hook blocks its worker; its sessions wait"
        }
        let fields = entry?.fields ?? []
        #expect(fields.contains { $0.key == "hook" && $0.value == "beforeForward" })
        #expect(fields.contains { $0.key == "pair" && !$0.value.isEmpty })
        let milliseconds = fields.first { $0.key == "milliseconds" }.flatMap { Int($0.value) }
        #expect(milliseconds.map { $0 >= 100 } == true)
        client.close()
        upstream.close()
        await bridge.expect([.completed: 1])
    }
}
