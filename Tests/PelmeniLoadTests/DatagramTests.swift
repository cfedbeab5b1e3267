import CPelmeni
import TestSupport
import Testing

@testable import PelmeniLoad

/// Datagram loads, and the faults that they find.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct DatagramTests {
    private func job(_ kind: LoadJob.Kind, _ port: UInt16 = 0) -> LoadJob {
        var job = LoadJob(kind: kind, port: port)
        job.connections = 4
        job.warmUpNanoseconds = 30_000_000
        job.windowNanoseconds = 400_000_000
        job.number = 7
        guard kind == .trains else { return job }
        job.requestBytes = 1_400
        job.trainDatagrams = 10
        job.trainsInFlight = 2
        return job
    }

    private func originJob(_ kind: LoadJob.Kind) -> OriginJob {
        OriginJob(kind: kind == .trains ? .datagramSink : .datagramEcho)
    }

    private struct Seen {
        var lines: [String]
        var status: Int32
        var load: LoadOutcome
        var origin: OriginOutcome
    }

    private func run(
        _ wanted: LoadJob, takesTrains: Bool = false, flaw: DatagramMiddleman.Flaw? = nil,
        place: Int = 100
    ) async throws -> Seen {
        var originJob = originJob(wanted.kind)
        originJob.takesTrains = takesTrains
        let origin = try await Child.origin(originJob)
        var middleman: DatagramMiddleman?
        if let flaw {
            middleman = try DatagramMiddleman(
                flaw, onAnswers: wanted.kind == .datagrams, place: place, to: origin.port)
        }
        var job = wanted
        job.port = middleman?.port ?? origin.port
        let load = try Child.load(job)
        let (lines, outcome, status) = try await load.outcome(LoadOutcome.self)
        load.endInput()
        await middleman?.stop()
        origin.child.endInput()
        let seen = try await origin.child.outcome(OriginOutcome.self).outcome
        return Seen(lines: lines, status: status, load: outcome, origin: seen)
    }

    // MARK: When all is well

    @Test(arguments: [1, 64], [64, 1_473, 32] as [UInt32]) func answersAreCounted(
        clients: Int, bytes: UInt32
    ) async throws {
        var job = job(.datagrams)
        job.connections = clients
        job.requestBytes = bytes
        let seen = try await run(job)
        #expect(seen.lines == ["connected", "measuring", "measured"])
        #expect(seen.status == 0)
        #expect(seen.load.faults == [:] && seen.origin.faults == [:])
        #expect(seen.load.lost == 0 && seen.load.late == 0)
        #expect(seen.load.exchanges > 0)
        #expect(seen.load.latency.reduce(0) { $0 + $1.count } == UInt64(seen.load.exchanges))
        #expect(seen.load.bytes == UInt64(seen.load.exchanges) * 2 * UInt64(bytes))
        #expect(seen.load.nanoseconds == job.windowNanoseconds)
        #expect(seen.origin.requests >= seen.load.exchanges + clients)
    }

    @Test(arguments: [1, 8], [false, true]) func trainsAreCounted(
        clients: Int, takesTrains: Bool
    ) async throws {
        var job = job(.trains)
        job.connections = clients
        let seen = try await run(job, takesTrains: takesTrains)
        #expect(seen.lines == ["connected", "measuring", "measured"])
        #expect(seen.status == 0)
        #expect(seen.load.faults == [:] && seen.origin.faults == [:])
        #expect(seen.load.lost == 0)
        #expect(seen.load.exchanges > 0)
        #expect(seen.load.bytes == UInt64(seen.load.exchanges) * 1_400)
        #expect(seen.origin.accepted == clients)
        #expect(seen.origin.requests >= seen.load.exchanges)
    }

    @Test func aTrainMayBeOneDatagram() async throws {
        var job = job(.trains)
        job.trainDatagrams = 1
        job.requestBytes = 65_507
        let seen = try await run(job)
        #expect(seen.load.faults == [:] && seen.origin.faults == [:])
        #expect(seen.load.exchanges > 0)
    }

    @Test func oneSinkServesSeveralRuns() async throws {
        let origin = try await Child.origin(originJob(.trains))
        for number in [3, 4, 9] as [UInt64] {
            var job = job(.trains, origin.port)
            job.number = number
            job.windowNanoseconds = 50_000_000
            let load = try Child.load(job)
            let outcome = try await load.outcome(LoadOutcome.self).outcome
            load.endInput()
            #expect(outcome.faults == [:] && outcome.lost == 0 && outcome.exchanges > 0)
        }
        origin.child.endInput()
        let seen = try await origin.child.outcome(OriginOutcome.self).outcome
        #expect(seen.faults == [:])
    }

    // MARK: When something goes wrong

    private func expected(_ flaw: DatagramMiddleman.Flaw) -> Fault? {
        switch flaw {
        case .loses, .isLate: nil
        case .changesByte: .wrongByte
        case .cuts, .merges: .wrongLength
        case .misdirects: .wrongClient
        case .repeats: .repeated
        }
    }

    @Test(arguments: DatagramMiddleman.Flaw.allCases)
    func aWrongAnswerIsFoundOut(flaw: DatagramMiddleman.Flaw) async throws {
        let seen = try await run(job(.datagrams), flaw: flaw)
        #expect(seen.load.faults == expected(flaw).map { [$0.text: 1] } ?? [:])
        // A wrong datagram is no answer.
        #expect(seen.load.lost == (flaw == .repeats ? 0 : 1))
        #expect(seen.load.late == (flaw == .isLate ? 1 : 0))
        #expect(seen.load.exchanges > 0)
    }

    @Test(arguments: DatagramMiddleman.Flaw.allCases)
    func aWrongDatagramOfATrainIsFoundOut(flaw: DatagramMiddleman.Flaw) async throws {
        let seen = try await run(job(.trains), flaw: flaw, place: 123)
        let fault = flaw == .isLate ? .repeated : expected(flaw)
        #expect(seen.origin.faults == fault.map { [$0.text: 1] } ?? [:])
        #expect(seen.load.faults == [:])
        #expect(seen.load.lost == (flaw == .repeats ? 0 : 1))
    }

    /// The last datagram of a train requests credit: without it the flow continues after a while.
    @Test func aCreditThatIsLostIsMadeGood() async throws {
        var job = job(.trains)
        job.connections = 1
        job.trainsInFlight = 1
        let seen = try await run(job, flaw: .loses, place: 100)
        #expect(seen.load.lost == 1)
        #expect(seen.load.faults == [:] && seen.origin.faults == [:])
    }

    @Test(arguments: [LoadJob.Kind.datagrams, .trains])
    func nobodyThereIsAFailure(kind: LoadJob.Kind) async throws {
        // It receives everything, and answers nothing.
        let (socket, port) = try DatagramSockets.bind()
        var job = job(kind, port)
        job.timeoutNanoseconds = 300_000_000
        let load = try Child.load(job)
        let (lines, outcome, status) = try await load.outcome(LoadOutcome.self)
        load.endInput()
        _ = pelmeni_socket_close(socket)
        #expect(lines == [] && status == 1)
        #expect(outcome.failure != nil && outcome.exchanges == 0)
        #expect((outcome.faults[Fault.timeout.text] ?? 0) >= 4)
    }

    @Test(arguments: [LoadJob.Kind.datagrams, .trains])
    func theEndOfTheInputStopsIt(kind: LoadJob.Kind) async throws {
        let origin = try await Child.origin(originJob(kind))
        var job = job(kind, origin.port)
        job.windowNanoseconds = 3_600_000_000_000
        let load = try Child.load(job)
        #expect(try await load.line() == "connected")
        #expect(try await load.line() == "measuring")
        load.endInput()
        let (lines, outcome, status) = try await load.outcome(LoadOutcome.self)
        origin.child.endInput()
        let seen = try await origin.child.outcome(OriginOutcome.self).outcome
        #expect(lines == [] && status == 0)
        #expect(outcome.faults == [:] && seen.faults == [:])
    }

    @Test func whatIsNoJobIsAFailure() {
        var tiny = job(.datagrams)
        tiny.requestBytes = 31
        var huge = job(.trains)
        huge.trainDatagrams = 50
        var none = job(.trains)
        none.trainsInFlight = 0
        for job in [tiny, huge, none] { #expect(DatagramPlan.problem(job) != nil) }
        #expect(DatagramPlan.problem(job(.datagrams)) == nil)
        #expect(DatagramPlan.problem(job(.trains)) == nil)
    }
}
