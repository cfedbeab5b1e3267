import Pelmeni
import TestSupport
import Testing

/// Chunks of two streams that hooks edit: in place, longer, shorter, or others.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct HookChunkTests {
    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func editsInPlace(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onServer: {
                $0.beforeForward { data, session in
                    #expect(!session.isToClient && !session.isMessage)
                    var bytes = data.mutableBytes
                    for index in bytes.indices { bytes[index] ^= 0x55 }
                    return .forward
                }.beforeRespond { data, session in
                    #expect(session.isToClient && !session.isMessage)
                    data.withUnsafeMutableBytes { bytes in
                        for index in bytes.indices { bytes[index] &+= 1 }
                    }
                    return .forward
                }
            })
        let bytes = Pattern.shared.stream(key: 1, count: 1_000_000)
        let (client, upstream) = try bridge.streams()
        let asking = beside {
            try client.write(bytes)
            client.finish()
        }
        let (asked, end) = try upstream.readAll()
        expectSame(asked, bytes.map { $0 ^ 0x55 }, "to the upstream")
        #expect(end == .clean)
        try await asking.value
        let answering = beside {
            try upstream.write(bytes)
            upstream.finish()
        }
        let (answered, otherEnd) = try client.readAll()
        expectSame(answered, bytes.map { $0 &+ 1 }, "to the client")
        #expect(otherEnd == .clean)
        try await answering.value
        await bridge.expect([.completed: 1])
        #expect(bridge.engine.statistics.bytesSpliced == 0)
    }

    /// 64 bytes become 64 KiB, and 1 KiB becomes 1 MiB, which no block holds.
    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func grows(crossing: Crossing, variant: Variant) async throws {
        @Sendable func grow(_ data: inout Buffer) throws -> Verdict {
            let first = data.array
            let wanted = first.count << 10
            while data.count < wanted { try data.append(contentsOf: first) }
            return .forward
        }
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onServer: {
                $0.beforeForward { data, session in session.isEnd ? .forward : try grow(&data) }
                    .beforeRespond { data, session in
                        session.isEnd ? .forward : try grow(&data)
                    }
            })
        let (client, upstream) = try bridge.streams()
        for (round, count) in [64, 1024, 64, 1024].enumerated() {
            let bytes = Pattern.shared.stream(key: round, count: count)
            let wanted = [[UInt8]](repeating: bytes, count: 1024).flatMap { $0 }
            for (from, to) in [(client, upstream), (upstream, client)] {
                try from.write(bytes)
                expectSame(try to.read(exactly: wanted.count), wanted, "\(count) bytes")
            }
        }
        client.finish()
        #expect(try upstream.readEnd() == .clean)
        upstream.finish()
        #expect(try client.readEnd() == .clean)
        await bridge.expect([.completed: 1])
    }

    /// Appended in place, and moved; before the first byte, and behind the last one.
    @Test(arguments: Variant.all) func growsByABitAndByMuch(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.beforeForward { data, session in
                    guard let first = data.array.first, !session.isEnd else { return .forward }
                    let more = [UInt8](repeating: 0x2e, count: Int(first) * 1_000)
                    try data.append(contentsOf: more)
                    try data.prepend(more)
                    return .forward
                }
            })
        let (client, upstream) = try bridge.streams()
        for thousands in [0, 1, 8, 15, 16, 64, 130, 255] {
            let more = [UInt8](repeating: 0x2e, count: thousands * 1_000)
            let bytes = [UInt8(thousands)] + Array("rest".utf8)
            try client.write(bytes)
            let wanted = more + bytes + more
            expectSame(try upstream.read(exactly: wanted.count), wanted, "\(thousands)")
        }
        client.close()
        upstream.close()
        await bridge.expect([.completed: 1])
    }

    @Test(arguments: Crossing.hookedStreams, Variant.all)
    func shortensAndReplaces(crossing: Crossing, variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            crossing, variant,
            onServer: {
                $0.beforeForward { data, _ in
                    switch data.text {
                    case "first": data.removeFirst(2)
                    case "last": data.removeLast(3)
                    case "middle": try data.replaceSubrange(1..<5, with: Array("-".utf8))
                    case "wide": try data.replaceSubrange(1..<2, with: Array("iiiiiii".utf8))
                    case "prepend": try data.prepend("before ")
                    case "words words": try data.replace("words", with: "a sentence")
                    case "other": data = try Buffer("another one")
                    case "taken": try data.append(data.take())
                    case "nothing": data.removeAll()
                    case "LOW": data.lowercaseASCII()
                    default: break
                    }
                    return .forward
                }
            })
        let (client, upstream) = try bridge.streams()
        let words = [
            ("first", "rst"), ("last", "l"), ("middle", "m-e"), ("wide", "wiiiiiiide"),
            ("prepend", "before prepend"), ("words words", "a sentence a sentence"),
            ("other", "another one"), ("LOW", "low"), ("taken", "taken"), ("same", "same"),
        ]
        for (word, wanted) in words {
            try client.write(word)
            #expect(try upstream.readText(wanted.utf8.count) == wanted)
        }
        try client.write("nothing")
        try bridge.waitForCalls(UInt64(words.count) + 1)
        try client.write("end")
        #expect(try upstream.readText(3) == "end")
        client.finish()
        #expect(try upstream.readEnd() == .clean)
        upstream.finish()
        #expect(try client.readEnd() == .clean)
        await bridge.expect([.completed: 1])
        #expect(bridge.engine.statistics.hooks.map(\.drops) == [0])
    }

    /// The bytes of a slow upstream wait; the client is not read meanwhile, and nothing is lost.
    @Test(arguments: Variant.all) func aSlowReader(variant: Variant) async throws {
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.beforeForward { data, _ in
                    data.uppercaseASCII()
                    return .forward
                }
            })
        let (client, upstream) = try bridge.streams()
        let bytes = Pattern.shared.stream(key: 5, count: 24_000_000)
        let asking = beside {
            try client.write(bytes)
            client.finish()
        }
        try bridge.wait("the engine has read some") { $0.bytesToUpstream > 500_000 }
        let (asked, end) = try upstream.readAll()
        expectSame(asked, bytes.map { $0 &- (($0 &- 0x61 < 26) ? 0x20 : 0) })
        #expect(end == .clean)
        try await asking.value
        upstream.close()
        await bridge.expect([.completed: 1])
    }
}
