import Glibc
import Pelmeni
import Synchronization
import TestSupport
import Testing

/// The order of hooks, their instances, and what they are told of their session.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct HookOrderTests {
    /// Adds its name to each unit, and how many units its instance has had.
    private struct Marking: BeforeForward, BeforeSend, BeforeRespond, OnOpen, OnClose {
        let name: String
        let record: HookRecord
        var units = 0

        init(_ name: String, _ record: HookRecord) {
            self.name = name
            self.record = record
        }

        mutating func mark(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
            guard !session.isEnd else { return .forward }
            units += 1
            try data.append(" \(name).\(units)")
            return .forward
        }

        mutating func beforeForward(
            _ data: inout Buffer, _ session: borrowing Session
        ) throws -> Verdict { try mark(&data, session) }

        mutating func beforeSend(
            _ data: inout Buffer, _ session: borrowing Session
        ) throws -> Verdict { try mark(&data, session) }

        mutating func beforeRespond(
            _ data: inout Buffer, _ session: borrowing Session
        ) throws -> Verdict { try mark(&data, session) }

        mutating func onOpen(_ session: borrowing Session) throws -> OpenVerdict {
            record.note("open \(name) \(session.upstream ?? -1)")
            return .forward
        }

        mutating func onClose(_ cause: EndCause, _ session: borrowing Session) {
            record.note("close \(name) \(units) \(cause)")
        }
    }

    private func start(
        _ crossing: Crossing, _ variant: Variant, _ record: HookRecord, isFramed: Bool = false
    ) async throws -> Bridge {
        try await Bridge.hooked(
            crossing, variant, near: isFramed ? .u16be : nil, far: isFramed ? .u16be : nil,
            onClient: { $0.hook { Marking("C1", record) }.hook { Marking("C2", record) } },
            onServer: { $0.hook { Marking("S1", record) }.hook { Marking("S2", record) } })
    }

    private static let asked = "? S1.1 S2.1 C1.1 C2.1"
    private static let answered = asked + " C2.2 C1.2 S2.2 S1.2"
    private static let names = ["S1", "S2", "C1", "C2"]

    /// Out in the order written, and back in reverse; each session has instances of its own.
    @Test(arguments: Crossing.hookedMessages, Variant.all)
    func messages(crossing: Crossing, variant: Variant) async throws {
        let record = HookRecord()
        let bridge = try await start(crossing, variant, record, isFramed: !crossing.hasDatagrams)
        let serving = beside { try bridge.origin.serve(2) }
        // Both are open: a closed one's port may be the next one's.
        let clients = try (0..<2).map { try bridge.client($0) }
        for client in clients {
            try client.ask("?")
            #expect(try client.answerText() == Self.answered)
        }
        try await serving.value
        for client in clients { client.close() }
        let statistics = await bridge.stop()
        #expect(statistics.accepted == 2)
        let lines = record.lines
        #expect(
            lines.filter { $0.hasPrefix("open") }
                == (Self.names + Self.names).map { "open \($0) -1" })
        let closings = lines.filter { $0.hasPrefix("close") }
        #expect(closings.count == 8)
        for name in Self.names {
            #expect(closings.count { $0.hasPrefix("close \(name) 2 ") } == 2)
        }
        #expect(statistics.hooks.map(\.name) == [String](repeating: "Marking", count: 4))
        #expect(statistics.hooks.map(\.calls) == [4, 4, 4, 4])
    }

    @Test(arguments: Crossing.framed, Variant.all)
    func chunks(crossing: Crossing, variant: Variant) async throws {
        let record = HookRecord()
        let bridge = try await start(crossing, variant, record)
        for _ in 0..<2 {
            let (client, upstream) = try bridge.streams()
            try client.write("?")
            #expect(try upstream.readText(Self.asked.utf8.count) == Self.asked)
            try upstream.write(Self.asked)
            #expect(try client.readText(Self.answered.utf8.count) == Self.answered)
            client.finish()
            #expect(try upstream.readEnd() == .clean)
            upstream.close()
            #expect(try client.readEnd() == .clean)
            try bridge.wait("the session is over") { $0.open == 0 }
        }
        await bridge.expect([.completed: 2])
        let one = Self.names.map { "open \($0) -1" } + Self.names.map { "close \($0) 2 completed" }
        #expect(record.lines == one + one)
    }

    // MARK: Ends

    /// Each instance is told the cause once.
    @Test(arguments: Variant.all) func causes(variant: Variant) async throws {
        let record = HookRecord()
        let bridge = try await Bridge.hooked(
            .streams, variant,
            onServer: {
                $0.onClose { cause, session in
                    record.note("\(cause) \(session.upstream ?? -1)")
                }.beforeForward { data, _ in data.text == "bad" ? .close("bad") : .forward }
            })
        for cause in ["client_reset", "upstream_reset", "hook", "completed", "drain_cut"] {
            let (client, upstream) = try bridge.streams()
            try client.write("?")
            #expect(try upstream.readText(1) == "?")
            switch cause {
            case "client_reset": client.reset()
            case "upstream_reset": upstream.reset()
            case "hook": try client.write("bad")
            case "completed":
                client.finish()
                #expect(try upstream.readEnd() == .clean)
                upstream.finish()
            default: await bridge.engine.stop()
            }
            try bridge.wait("the session is over") { $0.open == 0 }
            #expect(record.lines.last == "\(cause) 0")
        }
        #expect(record.lines.count == 5)
        let statistics = await bridge.stop()
        #expect(statistics.causes.values.allSatisfy { $0 == 1 })
    }

    // MARK: Names

    @Test(arguments: Variant.all) func addresses(variant: Variant) async throws {
        for crossing in [
            .streams, Crossing(from: .udp, to: .udp), Crossing(from: .unix, to: .unix),
        ] {
            let record = HookRecord()
            let bridge = try await Bridge.hooked(
                crossing, variant,
                onServer: {
                    $0.onOpen { session in
                        record.note("\(session.client) \(session.upstream ?? -1)")
                        return .forward
                    }.beforeForward { _, session in
                        record.note("\(session.client) \(session.upstream ?? -1)")
                        return .drop
                    }.onClose { _, session in record.note("\(session.client)") }
                })
            let own: String
            let client = try bridge.client()
            switch client {
            case .stream(let wire):
                own = crossing.from.isUnix ? "unnamed" : "127.0.0.1:\(try localPort(wire))"
                try wire.write("?")
            case .datagrams(let wire):
                own = "127.0.0.1:\(wire.port)"
                try wire.send("?")
            }
            try bridge.waitForCalls(1, ofHook: 1)
            client.close()
            _ = await bridge.stop()
            #expect(record.lines.prefix(2) == ["\(own) -1", "\(own) 0"])
            #expect(record.lines.last == own)
        }
    }

    private func localPort(_ wire: Wire) throws -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let error = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(wire.socket, $0, &length)
            }
        }
        guard error == 0 else { throw WireError("getsockname") }
        return UInt16(bigEndian: address.sin_port)
    }
}
