import Pelmeni
import Testing

/// Hooks as an embedder attaches them, and what is refused at the start. No socket is opened.
@Suite struct HookFaceTests {
    private struct OnlySend: BeforeSend, OnClose {
        mutating func beforeSend(
            _ data: inout Buffer, _ session: borrowing Session
        ) throws -> Verdict { .forward }

        mutating func onClose(_ cause: EndCause, _ session: borrowing Session) {}
    }

    private struct SendAndRespond: BeforeSend, BeforeRespond {
        mutating func beforeSend(
            _ data: inout Buffer, _ session: borrowing Session
        ) throws -> Verdict { .forward }

        mutating func beforeRespond(
            _ data: inout Buffer, _ session: borrowing Session
        ) throws -> Verdict { .forward }
    }

    private struct OnlyForward: BeforeForward, OnOpen {
        mutating func beforeForward(
            _ data: inout Buffer, _ session: borrowing Session
        ) throws -> Verdict { .forward }

        mutating func onOpen(_ session: borrowing Session) throws -> OpenVerdict { .forward }
    }

    private struct Both: BeforeForward, BeforeSend {
        mutating func beforeForward(
            _ data: inout Buffer, _ session: borrowing Session
        ) throws -> Verdict { .forward }

        mutating func beforeSend(
            _ data: inout Buffer, _ session: borrowing Session
        ) throws -> Verdict { .forward }
    }

    private static let client = TCPClient("127.0.0.1", port: 9)

    private func server(_ client: any Client = Self.client) -> TCPServer {
        TCPServer(client, listen: "127.0.0.1", port: 8080)
    }

    private func refuses(
        _ server: any Server, _ parts: String..., location: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: EngineError.self, sourceLocation: location) {
            _ = try Engine(workers: 1, servers: [server])
        }
        #expect(error?.kind == .usage, sourceLocation: location)
        #expect(error?.subject == "127.0.0.1:8080", sourceLocation: location)
        for part in parts {
            #expect(
                error?.description.contains(part) == true, "\(String(describing: error))",
                sourceLocation: location)
        }
    }

    @Test func aHookNeedsAMomentOfItsSide() throws {
        refuses(
            server().hook { OnlySend() }, "OnlySend has beforeSend", "a server does not call",
            "attach it to the client")
        refuses(server().hook { SendAndRespond() }, "SendAndRespond has beforeSend")
        _ = try Engine(servers: [server(Self.client.hook { SendAndRespond() })])
        refuses(
            server(Self.client.hook { OnlyForward() }), "OnlyForward has beforeForward",
            "a client does not call", "attach it to the server")
        _ = try Engine(
            workers: 1,
            servers: [
                server(Self.client.hook { Both() }.hook { OnlySend() }).hook { Both() }
                    .hook { OnlyForward() }
            ])
    }

    @Test func aPairHasAtMostThirtyTwo() throws {
        func all(_ ofServer: Int, _ ofClient: Int) -> TCPServer {
            let client = (0..<ofClient).reduce(Self.client) { client, _ in client.hook { Both() } }
            return (0..<ofServer).reduce(server(client)) { server, _ in server.hook { Both() } }
        }
        refuses(all(33, 0), "at most 32 hooks, not 33")
        refuses(all(0, 33), "not 33")
        refuses(all(17, 16), "not 33")
        _ = try Engine(workers: 1, servers: [all(16, 16)])
        _ = try Engine(workers: 1, servers: [all(32, 0)])
    }

    /// A server and a client are values: a copy has one hook more.
    @Test func attachingMakesACopy() {
        let plain = server()
        let hooked = plain.beforeForward { _, _ in .forward }.onClose { _, _ in }
        #expect(plain.hooks.isEmpty)
        #expect(hooked.hooks.map(\.name) == ["beforeForward", "onClose"])
        let client = Self.client.beforeSend { _, _ in .forward }.onOpen { _ in .forward }
            .beforeRespond { _, _ in .forward }.hook { OnlySend() }
        #expect(client.hooks.map(\.name) == ["beforeSend", "onOpen", "beforeRespond", "OnlySend"])
        #expect(Self.client.hooks.isEmpty)
    }

    // MARK: Buffers of the program's own

    @Test func aBufferKeepsItsBounds() throws {
        var buffer = try Buffer("text")
        try buffer.append(" and more")
        try buffer.prepend("a ")
        #expect(buffer.text == "a text and more")
        #expect(buffer.firstIndex(of: 0x6d) == 11)
        #expect(buffer.firstRange(of: Array("and".utf8)) == 7..<10)
        let most = [UInt8](repeating: 1, count: Buffer.bytesMax)
        #expect(throws: BufferError.tooLong(Buffer.bytesMax + 15)) {
            try buffer.append(contentsOf: most)
        }
        #expect(throws: BufferError.tooLong(Buffer.bytesMax + 15)) { try buffer.prepend(most) }
        #expect(throws: BufferError.tooLong(Buffer.bytesMax + 13)) {
            try buffer.replaceSubrange(0..<2, with: most)
        }
        #expect(buffer.text == "a text and more")
        buffer = try Buffer(most)
        #expect(buffer.count == Buffer.bytesMax)
        #expect(throws: BufferError.tooLong(Buffer.bytesMax + 1)) { try buffer.append("!") }
        buffer.removeFirst(Buffer.bytesMax - 1)
        buffer.removeFirst(5)
        buffer.removeLast(5)
        #expect(buffer.text.isEmpty)
        try buffer.replaceSubrange(3..<9, with: Array("new".utf8))
        #expect(buffer.array == Array("new".utf8))
    }

    /// Against an array, by many random edits.
    @Test(arguments: 0..<20) func editsAreThoseOfAnArray(seed: UInt64) throws {
        var random = SystemRandomNumberGenerator()
        var buffer = Buffer()
        var array: [UInt8] = []
        for step in 0..<300 {
            let more = (0..<Int.random(in: 0...700, using: &random)).map {
                UInt8(truncatingIfNeeded: $0 &+ step)
            }
            let place = Int.random(in: 0...array.count, using: &random)
            let end = min(array.count, place + Int.random(in: 0...500, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0:
                try buffer.append(contentsOf: more)
                array += more
            case 1:
                try buffer.prepend(more)
                array = more + array
            case 2:
                buffer.removeFirst(more.count)
                array.removeFirst(min(more.count, array.count))
            case 3:
                buffer.removeLast(more.count)
                array.removeLast(min(more.count, array.count))
            default:
                try buffer.replaceSubrange(place..<end, with: more)
                array.replaceSubrange(place..<end, with: more)
            }
            guard buffer.array == array else {
                Issue.record("step \(step): \(buffer.count) and \(array.count) bytes")
                return
            }
        }
    }
}
