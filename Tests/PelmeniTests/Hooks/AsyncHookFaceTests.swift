import Pelmeni
import Testing

/// Asynchronous hooks as an embedder attaches them, and what is refused at the start.
@Suite struct AsyncHookFaceTests {
    private struct Passing: AsyncBeforeForward, AsyncBeforeSend, AsyncBeforeRespond {
        func beforeForward(
            _ data: consuming Buffer, _ session: SessionInfo
        ) async throws -> AsyncVerdict { .forward(data) }

        func beforeSend(
            _ data: consuming Buffer, _ session: SessionInfo
        ) async throws -> AsyncVerdict { .forward(data) }

        func beforeRespond(
            _ data: consuming Buffer, _ session: SessionInfo
        ) async throws -> AsyncVerdict { .forward(data) }
    }

    private struct SendAndRespond: AsyncBeforeSend, AsyncBeforeRespond {
        func beforeSend(
            _ data: consuming Buffer, _ session: SessionInfo
        ) async throws -> AsyncVerdict { .forward(data) }

        func beforeRespond(
            _ data: consuming Buffer, _ session: SessionInfo
        ) async throws -> AsyncVerdict { .forward(data) }
    }

    private struct ForwardAndRespond: AsyncBeforeForward, AsyncBeforeRespond {
        func beforeForward(
            _ data: consuming Buffer, _ session: SessionInfo
        ) async throws -> AsyncVerdict { .forward(data) }

        func beforeRespond(
            _ data: consuming Buffer, _ session: SessionInfo
        ) async throws -> AsyncVerdict { .forward(data) }
    }

    private struct Mixed: AsyncBeforeForward, BeforeRespond {
        func beforeForward(
            _ data: consuming Buffer, _ session: SessionInfo
        ) async throws -> AsyncVerdict { .forward(data) }

        func beforeRespond(
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
            server().hook(SendAndRespond()), "SendAndRespond has beforeSend",
            "a server does not call")
        refuses(
            server(Self.client.hook(ForwardAndRespond())),
            "ForwardAndRespond has beforeForward", "a client does not call")
        _ = try Engine(workers: 1, servers: [server(Self.client.hook(Passing())).hook(Passing())])
    }

    @Test func aTypeIsOfOneKind() throws {
        refuses(server().hook(Mixed()), "Mixed is synchronous and asynchronous", "two types")
        refuses(server().hook { Mixed() }, "Mixed is synchronous and asynchronous")
        refuses(server(Self.client.hook { Mixed() }), "Mixed is synchronous and asynchronous")
    }

    @Test func aDeadlineIsPositive() throws {
        for deadline in [Duration.zero, .seconds(-1), .nanoseconds(1), .seconds(1 << 40)] {
            refuses(
                server().hook(Passing(), deadline: deadline),
                "the deadline of the hook Passing is 1us to 8760h")
            refuses(
                server(
                    Self.client.beforeSend(deadline: deadline) { data, _ in
                        await Task.yield()
                        return .forward(data)
                    }), "the deadline of the hook beforeSend")
        }
        _ = try Engine(
            workers: 1, servers: [server().hook(Passing(), deadline: .microseconds(1))])
    }

    @Test func hooksAreAddedToCopies() {
        let plain = server()
        let hooked = plain.beforeForward { data, _ in
            await Task.yield()
            return .forward(data)
        }
        .hook(Passing())
        #expect(plain.hooks.isEmpty)
        #expect(hooked.hooks.map(\.name) == ["beforeForward", "Passing"])
    }
}
