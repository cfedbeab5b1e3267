import CPelmeni
import PelmeniCore
import TestSupport
import Testing

@testable import PelmeniLoad

/// The load and the origins, without a proxy between them.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct LoadTests {
    private func plan(_ port: UInt16) -> LoadPlan {
        var plan = LoadPlan(target: SocketAddress(v4: 0x7f00_0001, port: port))
        plan.nanoseconds = 200_000_000
        plan.timeoutNanoseconds = 30_000_000_000
        return plan
    }

    private func expectGood(_ kind: OriginKind, _ change: (inout LoadPlan) -> Void) async throws {
        var plan = plan(0)
        change(&plan)
        let limits = OriginLimits(connections: 256, blockClass: plan.blockClass)
        let origin = try Origin(kind, limits: limits)
        plan.origin = kind
        plan.target = SocketAddress(v4: 0x7f00_0001, port: origin.port)
        let result = await (try Load(plan)).value()
        let seen = await origin.stop()
        #expect(result.failure == nil)
        #expect(seen.failure == nil)
        #expect(result.faults.text == "")
        #expect(seen.faults.text == "")
        #expect(result.exchanges > 0)
        #expect(result.latency.total == UInt64(result.exchanges))
        #expect(seen.accepted == result.connections)
        if kind == .answer { #expect(seen.requests == result.exchanges) }
        if !plan.reconnects { #expect(result.connections == plan.connections) }
    }

    @Test(arguments: [1, 64]) func keptConnections(connections: Int) async throws {
        try await expectGood(.answer) { $0.connections = connections }
        try await expectGood(.echo) { $0.connections = connections }
    }

    @Test func aConnectionForEachRequest() async throws {
        try await expectGood(.answer) {
            $0.connections = 8
            $0.reconnects = true
        }
    }

    @Test(arguments: [BlockClass.small, .bulk]) func bulkBothWays(blockClass: BlockClass)
        async throws
    {
        try await expectGood(.echo) {
            $0.connections = 4
            $0.requestBytes = 3_000_001
            $0.blockClass = blockClass
        }
    }

    /// The load reads on when a ring ends its receive early: the epoll ring does after 2 GiB.
    @Test(arguments: [OriginKind.answer, .echo]) func receivesThatEnd(kind: OriginKind)
        async throws
    {
        try await expectGood(kind) {
            $0.connections = 2
            $0.requestBytes = 100_000
            $0.answerBytes = 100_000
            $0.receiveBytesMax = 30_000
        }
    }

    @Test func sinkAndSource() async throws {
        try await expectGood(.answer) {
            $0.requestBytes = 1_000_003
            $0.answerBytes = 1
        }
        try await expectGood(.answer) {
            $0.requestBytes = 24
            $0.answerBytes = 1_000_003
        }
    }

    @Test(arguments: CrookedOrigin.Flaw.allCases)
    func aWrongAnswerIsAnError(flaw: CrookedOrigin.Flaw) async throws {
        let origin = try CrookedOrigin(flaw, place: 1000)
        var plan = plan(origin.port)
        plan.origin = .echo
        plan.requestBytes = 256
        plan.timeoutNanoseconds = 200_000_000
        plan.faultsMax = 3
        let result = await (try Load(plan)).value()
        await origin.stop()
        let wanted: Fault =
            switch flaw {
            case .changes, .doubles: .wrongByte
            // One byte too few, and no more comes in a closed loop.
            case .drops: .wrongByte
            case .endsEarly: .short
            case .resets: .reset
            case .isSilent: .timeout
            }
        #expect(result.faults[wanted] > 0, "\(flaw): \(result.faults.text)")
        #expect(result.faults[wanted] == result.faults.total)
        // The requests before it were answered correctly.
        #expect((result.exchanges > 0) == (flaw != .isSilent))
    }

    @Test func theLastByteIsMissed() async throws {
        let origin = try CrookedOrigin(.drops, place: 255)
        var plan = plan(origin.port)
        plan.origin = .echo
        plan.requestBytes = 256
        plan.timeoutNanoseconds = 200_000_000
        plan.faultsMax = 1
        let result = await (try Load(plan)).value()
        await origin.stop()
        #expect(result.faults[.timeout] == 1)
        #expect(result.exchanges == 0)
    }

    @Test func aRefusedConnectionIsAnError() async throws {
        // Bound and never listening: a released port might be another test's by now.
        let (holder, port) = try BlockingSocket.bind()
        defer { _ = pelmeni_socket_close(holder) }
        var plan = plan(port)
        plan.faultsMax = 5
        let result = await (try Load(plan)).value()
        #expect(result.faults[.refused] == 5)
        #expect(result.exchanges == 0)
    }

    @Test func anOriginRefusesWhatIsNoRequest() async throws {
        let origin = try Origin(.answer)
        var plan = plan(origin.port)
        plan.origin = .echo
        plan.faultsMax = 1
        let result = await (try Load(plan)).value()
        let seen = await origin.stop()
        #expect(seen.faults[.wrongByte] == 1)
        #expect(result.faults.total == 1)
    }

    @Test func cancellingEndsTheLoadInOrder() async throws {
        // How long the first exchange takes is the machine's: longer times are tried.
        for milliseconds in [50, 500, 5_000] {
            let origin = try Origin(.answer)
            var plan = plan(origin.port)
            plan.connections = 8
            plan.nanoseconds = 3_600_000_000_000
            let load = try Load(plan)
            let task = Task { await load.value() }
            try await Task.sleep(for: .milliseconds(milliseconds))
            task.cancel()
            let result = await task.value
            let seen = await origin.stop()
            #expect(result.faults.text == "")
            #expect(seen.faults.text == "")
            if result.exchanges > 0 { return }
        }
        Issue.record("no exchange in five seconds")
    }
}
