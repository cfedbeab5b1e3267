import TestSupport
import Testing

@testable import PelmeniLoad

/// The load and the origins as child processes, without a proxy between them.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct ChildTests {
    private static let kinds: [LoadJob.Kind] = [
        .exchange, .connect, .download, .upload, .open, .idle, .stalled,
    ]

    private func job(_ kind: LoadJob.Kind, _ port: UInt16 = 0) -> LoadJob {
        var job = LoadJob(kind: kind, port: port)
        job.connections = 4
        job.warmUpNanoseconds = 50_000_000
        job.windowNanoseconds = 200_000_000
        job.requestsPerSecond = 2000
        // A machine with other work is no fault of the load.
        job.timeoutNanoseconds = 30_000_000_000
        if kind == .download { job.answerBytes = 1_000_003 }
        if kind == .upload { job.requestBytes = 1_000_003 }
        return job
    }

    private func origin(of kind: LoadJob.Kind) -> OriginJob {
        switch kind {
        case .stalled: OriginJob(kind: .source)
        default: OriginJob(kind: .answer)
        }
    }

    /// Runs a job against a matching origin; neither may report a fault.
    @discardableResult
    private func expectGood(_ wanted: LoadJob, isBulk: Bool = false) async throws -> LoadOutcome {
        var originJob = origin(of: wanted.kind)
        originJob.isBulk = isBulk
        let origin = try await Child.origin(originJob)
        var job = wanted
        job.port = origin.port
        let load = try Child.load(job)
        let holds = [.idle, .stalled].contains(job.kind)
        if holds {
            #expect(try await load.line() == "connected")
            load.write("")
        }
        let (lines, outcome, status) = try await load.outcome(LoadOutcome.self)
        load.endInput()
        origin.child.endInput()
        let seen = try await origin.child.outcome(OriginOutcome.self)
        #expect(lines == (holds ? [] : ["connected", "measuring", "measured"]))
        #expect(status == 0)
        #expect(outcome.failure == nil)
        #expect(outcome.faults == [:])
        #expect(seen.status == 0)
        #expect(seen.outcome.faults == [:])
        #expect(seen.outcome.accepted == outcome.connections)
        // The trial of each connection does not count.
        let trials = job.kind == .stalled ? 0 : job.connections
        #expect(seen.outcome.requests >= outcome.exchanges + trials)
        #expect(outcome.exchanges > 0)
        #expect(outcome.nanoseconds > 0)
        let timed = outcome.latency.reduce(0) { $0 + $1.count }
        if holds {
            #expect(outcome.exchanges == job.connections)
        } else {
            #expect(outcome.nanoseconds == job.windowNanoseconds)
            #expect(outcome.bytes > 0)
        }
        if job.kind != .open, job.kind != .stalled { #expect(timed == UInt64(outcome.exchanges)) }
        if job.kind != .connect { #expect(outcome.connections == job.connections) }
        return outcome
    }

    @Test(arguments: ChildTests.kinds) func everyKindMovesVerifiedTraffic(kind: LoadJob.Kind)
        async throws
    {
        try await expectGood(job(kind))
    }

    @Test(arguments: [LoadJob.Kind.exchange, .open, .download, .upload])
    func manyRequestsMayBeUnderWay(kind: LoadJob.Kind) async throws {
        var job = job(kind)
        job.pipeline = 16
        try await expectGood(job, isBulk: kind == .download)
    }

    @Test(arguments: [1, 3]) func aClientMayThink(pipeline: Int) async throws {
        var job = job(.exchange)
        job.pipeline = pipeline
        job.thinkMicroseconds = 700
        let outcome = try await expectGood(job)
        // At most as many as the pauses permit.
        #expect(outcome.exchanges <= 4 * pipeline * (200_000 / 700 + 1))
    }

    @Test func aPauseIsAsLongAsItWasMeantToBe() async throws {
        var job = job(.exchange)
        job.thinkMicroseconds = 50_000
        job.windowNanoseconds = 300_000_000
        let outcome = try await expectGood(job)
        #expect(outcome.exchanges <= job.connections * (300 / 50 + 1))
    }

    @Test func theFirstRequestsAreSpreadOverAPause() async throws {
        let origin = try await Child.origin(OriginJob(kind: .answer))
        var job = job(.exchange, origin.port)
        // All but the first connection's are intended for a time long after the window.
        job.thinkMicroseconds = 3_600_000_000
        let load = try Child.load(job)
        let (lines, outcome, status) = try await load.outcome(LoadOutcome.self)
        load.endInput()
        origin.child.endInput()
        let seen = try await origin.child.outcome(OriginOutcome.self)
        #expect(lines == ["connected", "measuring", "measured"])
        #expect(status == 0)
        #expect(outcome.faults == [:])
        #expect(outcome.exchanges <= 1)
        #expect(seen.outcome.requests == job.connections + 1)
    }

    @Test func moreConnectionsThanAreOpenedAtOnce() async throws {
        for kind in [LoadJob.Kind.idle, .stalled, .connect] {
            var job = job(kind)
            job.connections = 400
            try await expectGood(job)
        }
    }

    @Test func anOpenLoopKeepsItsRate() async throws {
        let outcome = try await expectGood(job(.open))
        let timed = outcome.latency.reduce(0) { $0 + $1.count }
        // 2,000 a second for 200 ms, each of them intended for the window.
        #expect((399...401).contains(timed))
    }

    @Test(arguments: [LoadJob.Kind.exchange, .open, .idle, .stalled])
    func theEndOfTheInputStopsIt(kind: LoadJob.Kind) async throws {
        let origin = try await Child.origin(origin(of: kind))
        var job = job(kind, origin.port)
        job.windowNanoseconds = 3_600_000_000_000
        let load = try Child.load(job)
        #expect(try await load.line() == "connected")
        if kind == .exchange || kind == .open { #expect(try await load.line() == "measuring") }
        load.endInput()
        let (lines, outcome, status) = try await load.outcome(LoadOutcome.self)
        origin.child.endInput()
        let seen = try await origin.child.outcome(OriginOutcome.self)
        #expect(lines == [])
        #expect(status == 0)
        #expect(outcome.faults == [:])
        #expect(seen.outcome.faults == [:])
    }

    @Test func aConnectionThatIsDroppedWhileIdleIsAFault() async throws {
        let origin = try await Child.origin(OriginJob(kind: .answer))
        let load = try Child.load(job(.idle, origin.port))
        #expect(try await load.line() == "connected")
        origin.child.endInput()
        // It waits a second for its clients to end, and then cuts them off.
        _ = try await origin.child.outcome(OriginOutcome.self)
        load.write("")
        let outcome = try await load.outcome(LoadOutcome.self).outcome
        load.endInput()
        #expect(outcome.faults.values.reduce(0, +) == 4)
        #expect(outcome.exchanges == 0)
    }

    @Test(arguments: [LoadJob.Kind.exchange, .open], [1, 8])
    func aMiddlemanIsFoundOut(kind: LoadJob.Kind, pipeline: Int) async throws {
        for flaw in Middleman.Flaw.allCases where flaw != .stalls {
            let origin = try await Child.origin(origin(of: kind))
            // The first answer is the trial's; later ones may come together.
            let middleman = try Middleman(flaw, place: 500, to: origin.port)
            var job = job(kind, middleman.port)
            job.connections = 1
            job.pipeline = pipeline
            job.timeoutNanoseconds = 200_000_000
            job.requestsPerSecond = 500
            let load = try Child.load(job)
            let outcome = try await load.outcome(LoadOutcome.self).outcome
            load.endInput()
            await middleman.stop()
            origin.child.endInput()
            _ = try await origin.child.outcome(OriginOutcome.self)
            let found = Set(outcome.faults.keys)
            let wanted: Set = [Fault.wrongByte.text, Fault.timeout.text]
            #expect(!found.isEmpty, "\(flaw)")
            #expect(found.isSubset(of: wanted), "\(flaw): \(found)")
            if flaw == .changesByte { #expect(found.contains(Fault.wrongByte.text)) }
        }
    }

    @Test func anOriginThatAnswersWrongIsFoundOut() async throws {
        for kind in [LoadJob.Kind.exchange, .open, .upload] {
            // It echoes, so that no answer is ever right.
            let origin = try await Child.origin(OriginJob(kind: .echo))
            let load = try Child.load(job(kind, origin.port))
            let (lines, outcome, status) = try await load.outcome(LoadOutcome.self)
            load.endInput()
            origin.child.endInput()
            _ = try await origin.child.outcome(OriginOutcome.self)
            #expect(lines == [])
            #expect(status == 1)
            #expect(outcome.failure != nil)
            #expect(outcome.exchanges == 0)
            #expect((outcome.faults[Fault.wrongByte.text] ?? 0) > 0)
        }
    }

    /// A load that times from the moment of sending would find one slow request.
    @Test(arguments: [1, 4]) func aStallIsChargedToAllThatWaitedForIt(pipeline: Int) async throws {
        let origin = try await Child.origin(OriginJob(kind: .answer))
        let middleman = try Middleman(.stalls, place: 64 * 100, to: origin.port)
        var job = job(.open, middleman.port)
        job.connections = 1
        job.pipeline = pipeline
        job.requestsPerSecond = 500
        job.windowNanoseconds = 600_000_000
        let load = try Child.load(job)
        let outcome = try await load.outcome(LoadOutcome.self).outcome
        load.endInput()
        await middleman.stop()
        origin.child.endInput()
        _ = try await origin.child.outcome(OriginOutcome.self)
        #expect(outcome.faults == [:])
        #expect(outcome.latencyMax >= 150_000_000)
        // 2 ms apart, of 200 ms: 25 of them waited for 150 ms or more.
        let slow = outcome.latency.filter { $0.nanoseconds >= 150_000_000 }
        #expect(slow.reduce(0) { $0 + $1.count } > 10)
        #expect((299...301).contains(outcome.latency.reduce(0) { $0 + $1.count }))
    }

    @Test func aLostAnswerAtTheEndIsATimeout() async throws {
        let origin = try await Child.origin(OriginJob(kind: .answer))
        // 500 a second: place 6,400 is 200 ms after the trial, in the window.
        let middleman = try Middleman(.losesAnswer, place: 6400, to: origin.port)
        var job = job(.open, middleman.port)
        job.connections = 1
        job.requestsPerSecond = 500
        job.timeoutNanoseconds = 400_000_000
        let load = try Child.load(job)
        let outcome = try await load.outcome(LoadOutcome.self).outcome
        load.endInput()
        await middleman.stop()
        origin.child.endInput()
        _ = try await origin.child.outcome(OriginOutcome.self)
        // That one, and those that waited behind it.
        #expect((outcome.faults[Fault.timeout.text] ?? 0) > 1)
        #expect(outcome.faults.count == 1)
    }

    @Test func whatIsNoJobIsAFailure() async throws {
        var bad = job(.exchange)
        bad.pipeline = 0
        var tiny = job(.exchange)
        tiny.requestBytes = 23
        var slow = job(.open)
        slow.requestsPerSecond = 0
        let children = [
            try Child.load(bad), try Child.load(tiny), try Child.load(slow),
            try Child.load(line: "nonsense"),
        ]
        for child in children {
            let (lines, outcome, status) = try await child.outcome(LoadOutcome.self)
            child.endInput()
            #expect(lines == [])
            #expect(status == 1)
            #expect(outcome.failure != nil)
        }
    }
}
