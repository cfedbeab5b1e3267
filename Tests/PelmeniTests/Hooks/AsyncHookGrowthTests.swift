import Dispatch
import Pelmeni
import Synchronization
import TestSupport
import Testing

/// Buffers that asynchronous hooks edit on a thread of their own, where no block of the worker's
/// pool is to be had.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct AsyncHookGrowthTests {
    /// Carries a buffer to another thread and back.
    private final class Carrier: Sendable {
        private let buffer: Mutex<Buffer>

        init(_ buffer: consuming Buffer) { self.buffer = Mutex(buffer) }

        func edit(_ body: (inout sending Buffer) throws -> Void) rethrows {
            try buffer.withLock { try body(&$0) }
        }

        func take() -> Buffer { buffer.withLock { $0.take() } }
    }

    @Sendable private static func elsewhere(_ body: @escaping @Sendable () throws -> Void)
        async throws
    {
        let result = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                #expect(!threadName().hasPrefix("pelmeni-"))
                continuation.resume(returning: Result { try body() })
            }
        }
        try result.get()
    }

    /// 1,024 times its bytes: 64 become 64 KiB, and 1 KiB becomes 1 MiB. Shorter edits are in
    /// place.
    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func growsElsewhere(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onServer: {
                $0.beforeForward { data, session in
                    if session.isEnd { return .forward(data) }
                    let carrier = Carrier(data)
                    try await Self.elsewhere {
                        try carrier.edit { data in
                            let first = data.array
                            data.uppercaseASCII()
                            try data.append("!")
                            data.removeLast()
                            while data.count < first.count << 10 {
                                try data.append(contentsOf: first)
                            }
                        }
                    }
                    return .forward(carrier.take())
                }
            })
        let (client, upstream) = try bridge.streams()
        for (round, count) in [64, 1_024, 64].enumerated() {
            let bytes = (0..<count).map { 0x61 + UInt8(($0 + round) % 26) }
            let wanted =
                bytes.map { $0 - 0x20 }
                + [[UInt8]](repeating: bytes, count: 1_023).flatMap { $0 }
            try client.write(bytes)
            expectSame(try upstream.read(exactly: wanted.count), wanted, "\(count) bytes")
        }
        client.finish()
        #expect(try upstream.readEnd() == .clean)
        upstream.finish()
        #expect(try client.readEnd() == .clean)
        await bridge.expect([.completed: 1])
    }

    /// An endless edit elsewhere ends its own session, and no other.
    @Test(arguments: Variant.all) func endlessEditsElsewhere(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.beforeForward { data, session in
                    guard data.starts(with: "more".utf8) else { return .forward(data) }
                    let carrier = Carrier(data)
                    try await Self.elsewhere {
                        try carrier.edit { data in while true { try data.append("and more") } }
                    }
                    return .forward(carrier.take())
                }
            })
        let other = try bridge.streams()
        for _ in 0..<3 {
            let (client, upstream) = try bridge.streams()
            try client.write("more")
            #expect(try client.readEnd() == .reset)
            #expect(try upstream.readEnd() == .reset)
            try other.client.write("fine")
            #expect(try other.upstream.readText(4) == "fine")
        }
        other.client.close()
        other.upstream.close()
        await bridge.expect([.completed: 1, .hook: 3])
        #expect(bridge.closings.allSatisfy { $0.contains("at most 1048576 bytes") })
    }
}
