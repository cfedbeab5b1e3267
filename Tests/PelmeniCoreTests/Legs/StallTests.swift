import PelmeniTesting
import Testing

@testable import PelmeniCore

/// Readers that stall, over real sockets: their memory, and their ends.
@Suite(.serialized) struct StallTests {
    private static let stalled = 150

    /// Stalled readers behind fast sources hold no more than their watermarks, and the others
    /// continue.
    @Test(arguments: RingChoice.real)
    func stalledReadersHoldLittle(choice: RingChoice) throws {
        var settings = WorkerHarness.Settings()
        settings.pool = PoolLimits(smallBlocks: 4096, bulkBlocks: 64)
        settings.deadlines.stall = 1_000_000_000
        let world = try RealWorld(
            choice,
            [
                FlowPlan(
                    sessions: Self.stalled, bytesToUpstream: 10, bytesToClient: 4 << 20,
                    end: .byUpstream, clientReading: .never),
                FlowPlan(sessions: 20, bytesToUpstream: 5000, bytesToClient: 5000),
            ], settings: settings, seed: 1)
        let (faults, report) = world.run(seconds: 40)
        #expect(faults.isEmpty, "\(faults.joined(separator: "\n"))")
        let ended = try #require(report)
        #expect(ended.causes[.sendStalled] == UInt64(Self.stalled))
        #expect(ended.causes[.completed] == 20)
        // The posted set, a high watermark for each stalled reader, and a sixteenth of the pool at
        // most.
        let most = UInt64(256 + 32 + Self.stalled * (Limits.smallHigh / 16384 + 2))
        #expect(ended.blocksMost <= most, "\(ended.blocksMost) blocks")
    }

    /// A single stalled reader has the whole pool, and still holds no more than its high watermark.
    @Test(arguments: RingChoice.real)
    func oneStalledReaderStaysUnderItsMark(choice: RingChoice) throws {
        var settings = WorkerHarness.Settings()
        settings.pool = PoolLimits(smallBlocks: 4096, bulkBlocks: 2)
        settings.deadlines.stall = 500_000_000
        let world = try RealWorld(
            choice,
            [
                FlowPlan(
                    bytesToUpstream: 10, bytesToClient: 32 << 20, chunk: 256 << 10,
                    end: .byUpstream, clientReading: .never)
            ], settings: settings, seed: 4)
        let (faults, report) = world.run(seconds: 20)
        #expect(faults.isEmpty, "\(faults.joined(separator: "\n"))")
        let ended = try #require(report)
        // The posted blocks, the watermark, and a receive in flight.
        let posted = choice == .epoll ? 0 : UInt64(UringRing.postedSmall + 1)
        let most = posted + UInt64(Limits.smallHigh / BlockClass.small.bytes) + 6
        #expect(ended.blocksMost <= most, "\(ended.blocksMost) blocks, at most \(most)")
    }

    /// A drain lets open sessions end, and a stop cuts them off; both leave nothing.
    @Test(arguments: RingChoice.real)
    func aStopCutsEverythingOff(choice: RingChoice) throws {
        let world = try RealWorld(
            choice,
            [
                FlowPlan(
                    sessions: 30, bytesToUpstream: 10, bytesToClient: 4 << 20,
                    end: .byUpstream, clientReading: .never),
                FlowPlan(sessions: 10, bytesToUpstream: 10, bytesToClient: 10, end: .byProxy),
            ], settings: WorkerHarness.Settings(), seed: 2)
        world.harness.start()
        // Linked as well: a session that is cut off while it dials ends in order.
        world.move(seconds: 10) { world.harness.bytesToUpstream == 40 * 10 }
        #expect(world.harness.sessionsOpen == 40)
        world.harness.stop()
        var allowances = FlowJudge.Allowances()
        allowances.cuts = true
        let (faults, report) = world.finish(allowances)
        #expect(faults.isEmpty, "\(faults.joined(separator: "\n"))")
        #expect(report?.causes[.drainCut] == 40)
    }

    @Test(arguments: RingChoice.real)
    func quietSessionsAreClosed(choice: RingChoice) throws {
        var settings = WorkerHarness.Settings()
        settings.deadlines.idle = 200_000_000
        let world = try RealWorld(
            choice, [FlowPlan(sessions: 10, bytesToUpstream: 10, bytesToClient: 10, end: .byProxy)],
            settings: settings, seed: 3)
        let (faults, report) = world.run(seconds: 20)
        #expect(faults.isEmpty, "\(faults.joined(separator: "\n"))")
        #expect(report?.causes == [.idle: 10])
    }
}
