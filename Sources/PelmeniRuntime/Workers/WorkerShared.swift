internal import CPelmeni
internal import Glibc
package import PelmeniCore
internal import Synchronization

/// The part of a worker that other threads share: its mailbox, its counters, its pairs' rows.
///
/// Only the running worker touches the rows; new addresses reach it through the mailbox.
package final class WorkerShared: Sendable {
    package let index: Int
    package let mailbox: Mailbox
    package let counters: Counters
    let rows: WorkerRows
    package let hooks: HookMemory
    let drivers: [DriverPlans]
    private let log: EngineLog
    private let names: [String]
    private let upstreamNames: [[String]]
    /// Upstreams that a lookup may move.
    private let areNames: [[Bool]]
    private let lookups: LookupRequests
    /// The thread's CPU clock while it runs; its CPU time once it has ended.
    private let clock = Atomic<Int32>(0)
    private let hasClock = Atomic<Bool>(false)
    private let spent = Atomic<Int64>(0)

    /// - Parameter addresses: each pair's real listening address.
    package init(
        index: Int, pairs: [PairConfiguration], addresses: [SocketAddress],
        sessionsOpen: UnsafeMutablePointer<Int64>, lookups: LookupRequests = LookupRequests(),
        log: EngineLog
    ) throws(SystemError) {
        self.index = index
        self.lookups = lookups
        mailbox = try Mailbox()
        counters = Counters()
        rows = WorkerRows(
            worker: index, pairs: pairs, sessionsOpen: sessionsOpen)
        hooks = HookMemory(plans: pairs.map(\.hooks), event: mailbox.event)
        drivers = pairs.map(\.drivers)
        self.log = log
        names = zip(pairs, addresses).map { $0.endpoint.at($1).description }
        upstreamNames = pairs.map { $0.upstreams.map(\.description) }
        areNames = pairs.map { $0.upstreams.map(\.isName) }
    }

    deinit {
        counters.destroy()
        rows.destroy()
        hooks.destroy()
    }

    // MARK: Requests

    /// How the worker reads its mailbox; `self` must outlive the worker.
    var requests: WorkerRequests {
        WorkerRequests(
            reader: { context, rows in
                guard let context else { return 0 }
                let shared = Unmanaged<WorkerShared>.fromOpaque(context).takeUnretainedValue()
                let pairs = PairTable(rows.assumingMemoryBound(to: PairRow.self))
                return shared.read(pairs).rawValue
            },
            context: Unmanaged.passUnretained(self).toOpaque(), event: mailbox.event)
    }

    private func read(_ pairs: PairTable) -> WorkerRequests.Answer {
        for update in mailbox.takeAddresses() {
            pairs[update.pair].setAddresses(update.addresses, ofEndpoint: Int(update.upstream))
        }
        var answer: WorkerRequests.Answer = []
        if mailbox.wantsDrain { answer.insert(.drain) }
        if mailbox.wantsStop { answer.insert(.stop) }
        return answer
    }

    // MARK: Events

    /// Where the worker reports to; `self` must outlive the worker.
    var events: WorkerEvents {
        WorkerEvents(
            receiver: { context, kind, pair, cause, upstream, address, error, duration in
                guard let context, let kind = WorkerEvent.Kind(rawValue: kind) else { return }
                let shared = Unmanaged<WorkerShared>.fromOpaque(context).takeUnretainedValue()
                shared.log(
                    WorkerEvent(
                        kind: kind, pair: PairID(pair),
                        cause: EndCause(rawValue: cause) ?? .internal,
                        upstream: upstream, address: address, error: error, duration: duration))
            },
            context: Unmanaged.passUnretained(self).toOpaque(),
            reportsSessions: log.takes(.debug))
    }

    /// The kernel refuses batches of sends to this worker: every send is a call.
    func sendsSingly(_ refusal: SystemError) {
        // A refusal holds for all workers, except a limit (EAGAIN) that the others stayed below.
        guard index == 0 || refusal.code == EAGAIN else { return }
        log(
            .warning, "io_submit is not used; every send is a call of its own",
            [
                .init("worker", "\(index)"), .init("errno", refusal.name),
                .init("remedy", SendBatchProbe.remedy(refusal)),
            ])
    }

    private func log(_ event: WorkerEvent) {
        if event.kind.isOfUpstreams, event.kind != .upstreamRecovered {
            let upstream = endpoint(of: event)
            if areNames[event.pair.index][upstream] {
                lookups.request(.init(pair: event.pair, upstream: UInt16(upstream)))
            }
        }
        guard event.kind != .upstreamFailsStill else { return }
        let (level, message) = Self.text(event)
        guard log.takes(level) else { return }
        if event.kind.isOfPeers {
            let key = LogRate.Key(
                kind: event.kind.rawValue, pair: event.pair, upstream: UInt16(event.upstream))
            guard log.admits(key, level, message, { about(event) }) else { return }
        }
        guard log.hasRoom() else { return }
        log(level, message, [.init("worker", "\(index)")] + about(event) + fields(event))
    }

    private func about(_ event: WorkerEvent) -> [LogEntry.Field] {
        var fields: [LogEntry.Field] = []
        if names.indices.contains(event.pair.index) {
            fields.append(.init("pair", names[event.pair.index]))
        }
        if event.kind.isOfUpstreams {
            let upstreams = upstreamNames[event.pair.index]
            let upstream = endpoint(of: event)
            if upstreams.indices.contains(upstream) {
                fields.append(.init("upstream", upstreams[upstream]))
            }
            let pair = rows.pairs + event.pair.index
            if event.kind == .addressFailed || pair.pointee.spreadsAddresses {
                let row = pair.pointee.upstreams + Int(event.upstream)
                let address =
                    event.kind == .addressFailed
                    ? row.pointee.socketAddress(event.address) : row.pointee.firstAddress
                fields.append(.init("address", "\(address)"))
            }
        }
        return fields
    }

    /// The number of the upstream that an event is about.
    private func endpoint(of event: WorkerEvent) -> Int {
        (rows.pairs + event.pair.index).pointee.endpoint(ofRow: Int(event.upstream))
    }

    private static func text(_ event: WorkerEvent) -> (LogEntry.Level, String) {
        switch event.kind {
        case .sessionOpened: (.debug, "session opened")
        case .sessionEnded: (.debug, "session ended")
        case .upstreamRecovered: (.info, "upstream accepts again")
        case .upstreamFailed, .upstreamFailsStill:
            (.warning, "upstream failed; it backs off while another one accepts")
        case .addressFailed:
            (.info, "an address of an upstream failed; it backs off while another one accepts")
        case .poolExhausted:
            (.warning, "buffer pool exhausted; the session longest without progress is closed")
        case .acceptPaused: (.warning, "no more sessions fit; connections wait in the backlog")
        case .acceptResumed: (.info, "accepting again")
        case .acceptFailed: (.warning, "accept failed; trying again shortly")
        case .listenerRefuses:
            (.warning, "no upstream takes connections; clients are refused until one does")
        case .listenerListens: (.info, "an upstream takes connections; listening again")
        case .badFrame:
            // A broken framing is the program's mistake, not the peer's.
            (
                FrameError.reported(event.error)?.error == .brokenFraming ? .warning : .info,
                "a message could not be cut from a stream; it is closed"
            )
        case .hookClosed: (.info, "a hook closed a session")
        case .driverFailed: (.info, "a protocol failed; its session is closed")
        case .descriptorsDropped:
            (.warning, "a peer passed descriptors over a Unix socket; they are closed")
        case .ringFailed: (.error, "the ring failed; the worker ends")
        }
    }

    private func fields(_ event: WorkerEvent) -> [LogEntry.Field] {
        var fields: [LogEntry.Field] = []
        if event.kind == .hookClosed {
            fields += [.init("hook", hooks.running), .init("reason", hooks.reason)]
        }
        if event.kind == .driverFailed {
            fields += [.init("protocol", hooks.running), .init("reason", hooks.reason)]
        }
        if event.kind == .badFrame {
            if let reported = FrameError.reported(event.error) {
                fields.append(.init("reason", reported.text))
            }
        } else if event.error != 0 {
            fields.append(.init("errno", SystemError(code: event.error).name))
        }
        if event.kind == .sessionEnded || event.kind == .upstreamFailed {
            fields.append(.init("cause", event.cause.description))
        }
        if event.kind == .sessionEnded {
            fields.append(.init("milliseconds", "\(event.duration / 1_000_000)"))
        }
        return fields
    }

    // MARK: Hooks

    /// A hook does not return: sessions of this worker wait for it.
    func hookBlocks(_ running: UInt64, since nanoseconds: UInt64) {
        hooks.countStall(running)
        log(.warning, "a hook blocks its worker; its sessions wait", hook(running, nanoseconds))
    }

    func hookReturned(_ running: UInt64, after nanoseconds: UInt64) {
        log(.warning, "a hook has returned that blocked its worker", hook(running, nanoseconds))
    }

    private func hook(_ running: UInt64, _ nanoseconds: UInt64) -> [LogEntry.Field] {
        let hook = hooks.hook(of: running)
        return [
            .init("worker", "\(index)"), .init("hook", hook.name),
            .init("pair", names.indices.contains(hook.pair) ? names[hook.pair] : ""),
            .init("milliseconds", "\(nanoseconds / 1_000_000)"),
        ]
    }

    // MARK: CPU

    /// Called on the worker's thread.
    func threadBegan(_ thread: UInt64) {
        var number: Int32 = 0
        guard pelmeni_thread_clock(thread, &number) == 0 else { return }
        clock.store(number, ordering: .relaxed)
        hasClock.store(true, ordering: .releasing)
    }

    func threadEnds() {
        spent.store(cpuNanoseconds, ordering: .relaxed)
        hasClock.store(false, ordering: .releasing)
    }

    /// CPU time of the thread so far.
    package var cpuNanoseconds: Int64 {
        guard hasClock.load(ordering: .acquiring) else { return spent.load(ordering: .relaxed) }
        return max(0, pelmeni_clock_nanoseconds(clock.load(ordering: .relaxed)))
    }
}
