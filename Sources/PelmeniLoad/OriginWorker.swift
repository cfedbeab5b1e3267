internal import CPelmeni
internal import Glibc
internal import PelmeniCore

/// The thread of an ``Origin``.
struct OriginWorker: ~Copyable {
    /// How long what is open may take to end by itself after a stop.
    static let stopGrace: UInt64 = 1_000_000_000
    /// How long accepting rests when descriptors are out.
    static let acceptRest: UInt64 = 10_000_000

    private var legs: LoadLegs
    private let rows: UnsafeMutablePointer<OriginLeg>
    private let listener: Int32
    private let kind: OriginKind
    private let signal: StopSignal
    private var isStopping = false
    private var restUntil: UInt64 = .max
    private(set) var result = OriginResult()

    init(_ listener: Int32, kind: OriginKind, limits: OriginLimits, signal: StopSignal)
        throws(Errno)
    {
        legs = try LoadLegs(capacity: limits.connections, blockClass: limits.blockClass)
        rows = .allocate(capacity: limits.connections)
        rows.initialize(repeating: OriginLeg(), count: limits.connections)
        self.listener = listener
        self.kind = kind
        self.signal = signal
    }

    deinit { rows.deallocate() }

    // MARK: The loop

    mutating func run() {
        var error = legs.watch(signal.event)
        if error == 0 { error = legs.listen(listener) }
        var stopUntil = UInt64.max
        while error == 0 {
            error = legs.submit(until: min(stopUntil, restUntil))
            let now = legs.now()
            while let event = legs.next() { handle(event, now: now) }
            if now >= restUntil {
                restUntil = .max
                legs.accept(listener)
            }
            if isStopping, stopUntil == .max { stopUntil = now &+ Self.stopGrace }
            if isStopping, legs.openLegs == 0 || now >= stopUntil { return }
        }
        result.failure = Errno(code: error)
    }

    private mutating func handle(_ event: LoadEvent, now: UInt64) {
        switch event {
        case .woken: isStopping = signal.isRequested
        case .accepted(let leg):
            guard let leg else { return result.faults.add(.other) }
            result.accepted += 1
            rows[leg] = OriginLeg()
            receive(leg)
        case .acceptFailed(let error):
            // The errors of a connection that was gone before it was taken are no news.
            let passing = [ECONNABORTED, EPROTO, EINTR].contains(error.code)
            restUntil = now &+ (passing ? 0 : Self.acceptRest)
        case .connected, .closed: break
        case .received(let leg, let block, let count):
            if kind == .echo { echo(leg, block, count) } else { take(leg, block, count) }
        case .ended(let leg): ended(leg)
        case .sent(let leg): sent(leg)
        case .failed(let leg, let error): fail(leg, Fault(errno: error))
        }
    }

    private mutating func fail(_ leg: Int, _ fault: Fault) {
        result.faults.add(fault)
        legs.close(leg)
    }

    /// An echo reads no more than it can hold; otherwise nothing that was read is kept.
    private mutating func receive(_ leg: Int) {
        legs.receive(leg, limit: kind == .echo ? 2 * legs.blockClass.bytes : .max)
    }

    // MARK: Echo

    private mutating func echo(_ leg: Int, _ block: BlockID, _ count: Int) {
        guard legs.send(leg, block: block, count: count) else { return fail(leg, .other) }
        readOn(leg)
    }

    private mutating func readOn(_ leg: Int) {
        guard !rows[leg].hasEnded, legs.queuedBlocks(leg) < LoadLegs.queuedBlocks else { return }
        receive(leg)
    }

    // MARK: Requests

    private mutating func take(_ leg: Int, _ block: BlockID, _ count: Int) {
        let fault = takeRequest(leg, legs.address(block), count)
        legs.release(block)
        if let fault { fail(leg, fault) }
    }

    private mutating func takeRequest(
        _ leg: Int, _ bytes: UnsafeRawPointer, _ count: Int
    ) -> Fault? {
        let row = rows + leg
        // The load asks for one thing at a time.
        guard !row.pointee.isAnswering else { return .surplus }
        var taken = 0
        if row.pointee.header == nil {
            taken = row.pointee.takeHeader(bytes, count: count)
            guard row.pointee.headerBytes == ExchangeHeader.bytes else { return nil }
            guard let header = row.pointee.wholeHeader else { return .wrongByte }
            row.pointee.header = header
            row.pointee.verifier = Verifier(
                seed: header.seed, position: UInt64(ExchangeHeader.bytes),
                end: UInt64(header.requestBytes))
        }
        if let fault = row.pointee.verifier.check(bytes + taken, count: count - taken) {
            return fault
        }
        guard row.pointee.verifier.isWhole, let header = row.pointee.header else { return nil }
        row.pointee.isAnswering = true
        result.requests += 1
        let answer = Outgoing(seed: header.answerSeed, bytes: header.answerBytes)
        return legs.send(leg, answer) ? nil : .other
    }

    // MARK: Ends

    private mutating func sent(_ leg: Int) {
        let row = rows + leg
        if kind == .echo, !row.pointee.hasEnded { return readOn(leg) }
        guard legs.isFlushed(leg) else { return }
        if row.pointee.isAnswering {
            let isLast = row.pointee.header?.isLast ?? false
            row.pointee.isAnswering = false
            row.pointee.header = nil
            row.pointee.headerBytes = 0
            if isLast, !row.pointee.isShut {
                row.pointee.isShut = true
                legs.shutdownWrite(leg)
            }
        }
        if row.pointee.hasEnded { legs.close(leg) }
    }

    private mutating func ended(_ leg: Int) {
        let row = rows + leg
        row.pointee.hasEnded = true
        if kind == .answer, !row.pointee.isAtRest, !row.pointee.isAnswering {
            return fail(leg, .short)
        }
        if legs.isFlushed(leg) { legs.close(leg) }
    }
}
