import Pelmeni
import PelmeniCore
import PelmeniRuntime
import TestSupport
import Testing

/// A program that does not take its log entries.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct SlowSinkTests {
    /// The sink waits at the gate with its first entry.
    private static func sink(
        _ log: LogCollector, _ gate: Gate
    ) -> @Sendable (LogEntry) -> Void {
        { entry in
            gate.pass()
            log.sink(entry)
        }
    }

    /// A client can cause any number of log entries with invalid frames: they delay neither other
    /// sessions nor the end.
    @Test(arguments: Variant.all) func itHoldsUpNeitherOthersNorTheEnd(
        variant: Variant
    ) async throws {
        let crossing = Crossing(from: .tcp, to: .udp)
        let folder = try TemporaryFolder()
        let origin = try BridgeOrigin(crossing.to, path: folder.file("origin"))
        let log = LogCollector()
        let gate = Gate()
        defer { gate.open() }
        var options = PairOptions()
        options.frameBytesMax = 16
        let server = crossing.from.server(
            crossing.to.client([origin.name]), path: folder.file("server"), options: options)
        let engine = try Engine.variant(variant, workers: 1, servers: [server]) {
            $0.log = Self.sink(log, gate)
        }
        try await engine.start()
        let bridge = Bridge(
            crossing: crossing, engine: engine, origin: origin, log: log, folder: folder)
        let bad = 200
        for _ in 0..<bad {
            let wire = try Wire(to: bridge.name)
            try wire.write([0xff, 0xff])
            #expect(try wire.readEnd() == .reset)
        }
        let client = try bridge.client()
        try client.ask("others?")
        let (_, from) = try origin.wire.receive()
        try origin.wire.send("here", to: from)
        #expect(try client.answerText() == "here")
        client.close()
        await engine.stop()
        #expect(engine.statistics.causes[.badFrame] == UInt64(bad))
        #expect(log.entries(from: .debug).isEmpty)

        gate.open()
        try waitUntil("the rest is told in one entry") {
            log.entries(from: .info).contains {
                $0.fields.contains(.init("left_out", "\(bad - LogRate.burst)"))
            }
        }
        let cut = log.entries(from: .info).filter { $0.message.contains("could not be cut") }
        #expect(cut.count == LogRate.burst + 1)
        #expect(engine.statistics.logEntriesLost == 0)
    }

    /// At the sink's log level, where that is above a warning.
    @Test(arguments: [LogEntry.Level.debug, .error])
    func whatIsOverIsCountedAndTold(level: LogEntry.Level) throws {
        let log = LogCollector()
        let gate = Gate()
        defer { gate.open() }
        let arrived = Gate()
        let sink = Self.sink(log, gate)
        let queue = LogQueue(level: level) { entry in
            arrived.open()
            sink(entry)
        }
        queue.append(LogEntry(.info, "first"))
        // The thread stands at the gate with this entry, and takes no other.
        arrived.pass()
        let over = 100
        let all = LogQueue.entriesMax + over
        for number in 0..<all { queue.append(LogEntry(.info, "\(number)")) }
        let lost = Int(queue.lost)
        #expect(lost == over)
        queue.flush(milliseconds: 1)
        #expect(log.entries(from: .debug).isEmpty)
        gate.open()
        try waitUntil("all that was kept is told") {
            log.entries(from: max(level, .warning)).map(\.fields)
                == [[.init("entries", "\(lost)")]]
        }
        let kept = log.entries(from: .debug).filter { $0.level == .info }.map(\.message)
        #expect(kept == ["first"] + (0..<(all - lost)).map(String.init))
        queue.append(LogEntry(.info, "and on"))
        queue.flush(milliseconds: 10_000)
        #expect(log.entries(from: .debug).last?.message == "and on")
    }
}
