import CPelmeni
import Foundation
import Glibc
import Synchronization

@testable import PelmeniCore
@testable import PelmeniRuntime

/// A worker on a thread of its own, over a real ring, for listeners and upstreams that a test made.
final class WorkerHarness: @unchecked Sendable {
    struct Settings: Sendable {
        var deadlines = Deadlines()
        var pool = PoolLimits(smallBlocks: 2048, bulkBlocks: 64)
        var sessions = 5000
        /// Sessions over this are closed; 0 is no cap.
        var cap: Int64 = 0
        var pipes = Limits.pipesMax
        /// The listeners are Unix sockets.
        var isUnix = false
    }

    private let choice: RingChoice
    private let settings: Settings
    private let listeners: [WorkerListener]
    private let upstreams: [[SocketAddress]]
    private let mailbox: Mailbox
    private let counters = Counters()
    private let done = DispatchSemaphore(value: 0)
    private var report = WorkerReport()
    private let wantsAudit = Atomic<Bool>(false)
    private let audit = Mutex<[String]?>(nil)

    /// - Parameters:
    ///   - listeners: bound sockets, a pair each; the worker closes them.
    ///   - upstreams: addresses of each pair's upstreams.
    ///   - isShared: another worker watches the same listeners, under numbers of its own.
    init(
        _ choice: RingChoice, listeners: [Int32], upstreams: [[SocketAddress]],
        settings: Settings, isShared: Bool = false
    ) throws {
        self.choice = choice
        self.settings = settings
        self.listeners = listeners.enumerated().map {
            WorkerListener(socket: $0.element, pair: PairID($0.offset), isShared: isShared)
        }
        self.upstreams = upstreams
        mailbox = try Mailbox()
    }

    deinit { counters.destroy() }

    func start() {
        let thread = Thread { [self] in
            // Like the engine's own threads: a splice raises SIGPIPE.
            var all = sigset_t()
            sigfillset(&all)
            pthread_sigmask(SIG_SETMASK, &all, nil)
            run()
            done.signal()
        }
        thread.start()
    }

    func drain() { mailbox.drain() }
    func stop() { mailbox.stop() }
    var sessionsOpen: UInt64 { counters.get(.sessionsOpen) }
    var bytesToUpstream: UInt64 { counters.get(.bytesToUpstream) }
    var bytesSpliced: UInt64 { counters.get(.splicedBytes) }

    /// Sessions that continue although a side's connection is over, as the worker sees them in its
    /// next loop.
    func deadSessions() -> [String] {
        audit.withLock { $0 = nil }
        wantsAudit.store(true, ordering: .releasing)
        mailbox.wake()
        let end = pelmeni_monotonic_nanoseconds() + 5_000_000_000
        while pelmeni_monotonic_nanoseconds() < end {
            if let found = audit.withLock({ $0 }) { return found }
            usleep(2_000)
        }
        return ["the worker does not run"]
    }

    /// Waits for the worker's end. Nil after the time limit.
    func join(seconds: Double) -> WorkerReport? {
        done.wait(timeout: .now() + seconds) == .success ? report : nil
    }

    // MARK: On the thread

    private func run() {
        guard let pool = BufferPool(limits: settings.pool) else { return fail(ENOMEM) }
        defer { pool.destroy() }
        let reserved = Worker<EpollRing>.reservedSlots(listeners: listeners.count)
        do throws(SystemError) {
            switch choice {
            case .epoll:
                let slots = Relay<EpollRing>.slots(
                    sessions: settings.sessions, reservedSlots: reserved)
                drive(try EpollRing(slots: slots, pool: pool), pool)
            case .uring, .uring61, .uringNoDefer:
                drive(try UringRing(features: choice.features, pool: pool), pool)
            case .simulated: fail(EINVAL)
            }
        } catch {
            fail(error.code)
        }
    }

    private func fail(_ error: Int32) {
        report.failure = error
        report.leaks = ["\(SystemError(code: error))"]
    }

    private func drive<R: Ring & ~Copyable>(_ ring: consuming R, _ pool: BufferPool) {
        let rows = PairRows(
            upstreams: upstreams, deadlines: settings.deadlines, isUnix: settings.isUnix)
        defer { rows.destroy() }
        let limits = Limits(
            shares: SessionShares(streams: settings.sessions, datagrams: settings.sessions),
            engineSessionsCap: settings.cap, engineSessionsOpen: rows.engineSessions,
            datagramSessionsOpen: rows.datagramSessions, sessions: settings.sessions,
            pipes: settings.pipes)
        let requests = WorkerRequests(
            reader: { context, _ in
                guard let context else { return 0 }
                let mailbox = Unmanaged<Mailbox>.fromOpaque(context).takeUnretainedValue()
                return (mailbox.wantsDrain ? 1 : 0) | (mailbox.wantsStop ? 2 : 0)
            }, context: Unmanaged.passUnretained(mailbox).toOpaque(), event: mailbox.event)
        guard
            let relay = Relay(
                ring: ring, pool: pool, limits: limits,
                reservedSlots: Worker<R>.reservedSlots(listeners: listeners.count),
                pairs: PairTable(rows.pairs), hooks: HookMemory(plans: [], event: -1), drivers: [],
                counters: counters, events: .none, key: 0)
        else { return fail(ENOMEM) }
        var worker = Worker(relay: relay, listeners: listeners, requests: requests)
        if worker.begin() {
            while worker.runOnce() {
                report.blocksMost = max(report.blocksMost, counters.get(.blocksLeased))
                if wantsAudit.exchange(false, ordering: .acquiringAndReleasing) {
                    let found = worker.relay.legs.deadSessions()
                    audit.withLock { $0 = found }
                }
            }
        }
        worker.finish()
        report.failure = worker.failure
        report.leaks = worker.relay.leaks() + rows.leaks()
        report.accepted = counters.get(.accepted)
        report.bytesSpliced = counters.get(.splicedBytes)
        for cause in EndCause.allCases where counters.get(cause) > 0 {
            report.causes[cause] = counters.get(cause)
        }
    }
}
