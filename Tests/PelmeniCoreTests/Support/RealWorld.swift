import CPelmeni
import Glibc
import PelmeniTesting
import TestSupport

@testable import PelmeniCore

/// Carries out plans over loopback sockets through a real worker: origins and clients in one
/// thread, the worker in another.
final class RealWorld {
    /// The kinds of both sides of every pair.
    enum Transport: String, Sendable {
        case tcp
        case unix
    }

    private let plans: [FlowPlan]
    /// More than one watch the same listeners.
    private let harnesses: [WorkerHarness]
    var harness: WorkerHarness { harnesses[0] }
    private let folder: TemporaryFolder
    private let poller = pelmeni_poll_create()
    private let salt: UInt16
    private let buffer = UnsafeMutableRawPointer.allocate(
        byteCount: RealPeer.bufferBytes, alignment: 64)
    private var peers: [RealPeer] = []
    private var busy: [Int] = []
    private var origins: [Int32] = []
    private var originAddresses: [SocketAddress] = []
    private var addresses: [SocketAddress] = []
    private var upstreamCounts: [Int]
    private var open = 0
    /// Clients that are not started yet, by plan.
    private var coming: [(plan: Int, number: Int)] = []

    /// Tokens from here on are origins.
    private static let firstOrigin: UInt64 = 1 << 32

    init(
        _ choice: RingChoice, _ plans: [FlowPlan], settings: WorkerHarness.Settings,
        seed: UInt64, refusedFirst: Bool = false, over transport: Transport = .tcp,
        workers: Int = 1
    ) throws {
        self.plans = plans
        let folder = try TemporaryFolder()
        self.folder = folder
        func listen(_ name: String) throws -> (socket: Int32, address: SocketAddress) {
            guard transport == .unix else { return try LoopbackSocket.listen() }
            return try LoopbackSocket.listen(at: folder.file(name))
        }
        salt = UInt16(truncatingIfNeeded: seed &* 0x9e3d)
        upstreamCounts = Array(repeating: 0, count: plans.count)
        _ = pelmeni_descriptor_limit_raise()
        var listeners: [Int32] = []
        var upstreams: [[SocketAddress]] = []
        for (number, plan) in plans.enumerated() {
            let origin = try listen("origin\(number)")
            origins.append(origin.socket)
            originAddresses.append(origin.address)
            _ = pelmeni_poll_add(poller, origin.socket, Self.firstOrigin + UInt64(number), 0)
            let listener = try listen("server\(number)")
            listeners.append(listener.socket)
            addresses.append(listener.address)
            upstreams.append(
                (refusedFirst ? [try LoopbackSocket.refusing()] : []) + [origin.address])
            coming += (0..<plan.sessions).map { (number, $0) }
        }
        var ofThisPair = settings
        ofThisPair.isUnix = transport == .unix
        harnesses = try (0..<workers).map { worker in
            try WorkerHarness(
                choice,
                listeners: worker == 0
                    ? listeners : listeners.map { fcntl($0, F_DUPFD_CLOEXEC, 3) },
                upstreams: upstreams, settings: ofThisPair, isShared: workers > 1)
        }
    }

    deinit {
        for peer in peers { peer.abandon() }
        for origin in origins { _ = pelmeni_socket_close(origin) }
        _ = pelmeni_socket_close(poller)
        buffer.deallocate()
    }

    /// Runs everything to its end, drains the worker, and judges. The faults, and the worker's
    /// report.
    func run(
        seconds: Double = 60, allowances: FlowJudge.Allowances = FlowJudge.Allowances()
    ) -> (faults: [String], report: WorkerReport?) {
        for harness in harnesses { harness.start() }
        move(seconds: seconds) { open == 0 && coming.isEmpty }
        let dead = auditQuiet()
        let (faults, report) = finish(allowances)
        return (dead + faults, report)
    }

    /// Every end has had its bytes: an open session with a closed side missed a report. A reset
    /// without a reader may take half a second to be seen, and wait another one for the bytes
    /// before it.
    private func auditQuiet() -> [String] {
        let end = pelmeni_monotonic_nanoseconds() + 3_000_000_000
        while harnesses.contains(where: { $0.sessionsOpen > 0 }) {
            guard pelmeni_monotonic_nanoseconds() < end else {
                return harnesses.flatMap { $0.deadSessions() }
            }
            move(seconds: 0.01) { false }
        }
        return []
    }

    /// Drains the worker and judges.
    func finish(_ allowances: FlowJudge.Allowances) -> (faults: [String], report: WorkerReport?) {
        for harness in harnesses { harness.drain() }
        // Remaining sessions are cut off, and the judge names them.
        if open > 0 { for harness in harnesses { harness.stop() } }
        let reports = harnesses.map { $0.join(seconds: 20) }
        move(seconds: 5) { open == 0 }
        for peer in peers { peer.abandon() }
        var judge = FlowJudge(
            plans: plans, results: peers.map(\.result), allowances: allowances)
        var faults = judge.judge()
        guard let report = WorkerReport.sum(reports) else {
            return (faults + ["a worker does not end"], nil)
        }
        faults += report.leaks
        if report.failure != 0 {
            faults.append("the ring failed: \(SystemError(code: report.failure))")
        }
        for origin in origins { _ = pelmeni_socket_close(origin) }
        origins = []
        let ports = Set((addresses + originAddresses).compactMap(\.port))
        // A free port may be another test's by now: its socket goes away, and a leak stays.
        var left = LoopbackSocket.open(on: ports)
        let deadline = pelmeni_monotonic_nanoseconds() + 10_000_000_000
        while left > 0, pelmeni_monotonic_nanoseconds() < deadline {
            usleep(50_000)
            left = LoopbackSocket.open(on: ports)
        }
        if left > 0 { faults.append("\(left) descriptors are open") }
        return (faults, report)
    }

    // MARK: The loop

    /// Goes on until `isDone`, or the time is over.
    func move(seconds: Double, until isDone: () -> Bool) {
        let deadline = pelmeni_monotonic_nanoseconds() + UInt64(seconds * 1e9)
        let events = UnsafeMutablePointer<pelmeni_event>.allocate(
            capacity: Int(PELMENI_POLL_BATCH))
        defer { events.deallocate() }
        while !isDone(), pelmeni_monotonic_nanoseconds() < deadline {
            for _ in 0..<32 where !coming.isEmpty { come() }
            let wait: Int64 = busy.isEmpty && coming.isEmpty ? 50_000_000 : 0
            let count = pelmeni_poll_wait(poller, events, Int32(PELMENI_POLL_BATCH), wait)
            for index in 0..<max(0, Int(count)) { take(events[index]) }
            let round = busy
            busy.removeAll(keepingCapacity: true)
            for number in round {
                let wasEnded = peers[number].isEnded
                if peers[number].goOn(buffer) { busy.append(number) }
                if peers[number].isEnded, !wasEnded { open -= 1 }
            }
        }
    }

    private func come() {
        let (plan, number) = coming.removeFirst()
        let socket = LoopbackSocket.connect(
            addresses[plan],
            receiveBuffer: plans[plan].clientReading == .prompt ? 0 : 32 << 10)
        add(socket, plan: plan, number: number, isClient: true)
    }

    private func add(_ socket: Int32, plan: Int, number: Int, isClient: Bool) {
        guard socket >= 0 else { return }
        let peer = RealPeer(
            socket, plans[plan], number: number, planNumber: plan, isClient: isClient, salt: salt)
        peers.append(peer)
        open += 1
        _ = pelmeni_poll_add(poller, socket, UInt64(peers.count - 1), 0)
    }

    private func take(_ event: pelmeni_event) {
        guard event.token < Self.firstOrigin else {
            return accept(Int(event.token - Self.firstOrigin))
        }
        let number = Int(event.token)
        let wasEnded = peers[number].isEnded
        peers[number].note(event.readiness)
        if peers[number].isEnded {
            if !wasEnded { open -= 1 }
        } else if !busy.contains(number) {
            busy.append(number)
        }
    }

    private func accept(_ plan: Int) {
        while true {
            let socket = pelmeni_socket_accept(origins[plan], 1)
            guard socket >= 0 else { return }
            add(socket, plan: plan, number: upstreamCounts[plan], isClient: false)
            upstreamCounts[plan] += 1
        }
    }
}
