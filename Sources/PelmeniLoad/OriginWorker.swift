internal import CPelmeni
internal import Glibc
internal import PelmeniCore
internal import PelmeniRuntime

/// The thread of an ``Origin``.
struct OriginWorker: ~Copyable {
    /// The time for open connections to end by themselves after a stop.
    static let stopGrace: UInt64 = 1_000_000_000
    /// The pause of accepting when descriptors have run out.
    static let acceptRest: UInt64 = 10_000_000

    var legs: LoadLegs
    let rows: UnsafeMutablePointer<OriginLeg>
    /// Heads of requests of HTTP.
    var heads: HTTPHeads
    private let listener: Int32
    private let kind: OriginKind
    private let signal: StopSignal
    private var isStopping = false
    private var restUntil: UInt64 = .max
    var result = OriginResult()

    init(_ listener: Int32, kind: OriginKind, limits: OriginLimits, signal: StopSignal)
        throws(SystemError)
    {
        legs = try LoadLegs(capacity: limits.connections, blockClass: limits.blockClass)
        rows = .allocate(capacity: limits.connections)
        rows.initialize(repeating: OriginLeg(), count: limits.connections)
        heads = HTTPHeads(capacity: kind == .http ? limits.connections : 0)
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
            if isStopping, stopUntil == .max {
                stopUntil = now &+ Self.stopGrace
                if kind == .source { closeAll() }
            }
            if isStopping, legs.openLegs == 0 || now >= stopUntil { return }
        }
        result.failure = SystemError(code: error)
    }

    private mutating func handle(_ event: LoadEvent, now: UInt64) {
        switch event {
        case .woken: isStopping = signal.isRequested
        case .accepted(let leg):
            guard let leg else { return result.faults.add(.other) }
            result.accepted += 1
            rows[leg] = OriginLeg()
            if kind == .http { heads.reset(leg) }
            receive(leg)
        case .acceptFailed(let error):
            // The errors of a connection that ended before the accept are no faults.
            let passing = [ECONNABORTED, EPROTO, EINTR].contains(error.code)
            restUntil = now &+ (passing ? 0 : Self.acceptRest)
        case .connected: break
        case .closed(let leg):
            if !rows[leg].input.isNone { legs.release(rows[leg].input) }
            rows[leg] = OriginLeg()
        case .received(let leg, let block, let count):
            if kind == .echo { echo(leg, block, count) } else { take(leg, block, count) }
        case .ended(let leg): ended(leg)
        case .sent(let leg): sent(leg)
        case .failed(let leg, let error):
            let fault = Fault(errno: error)
            // A reset is the only way to end an endless stream, and a usual way to end a connection
            // that a proxy of HTTP kept.
            let isEnd = kind == .source || kind == .http && isAtRest(leg)
            if isEnd, fault == .reset { legs.close(leg) } else { fail(leg, fault) }
        }
    }

    private mutating func closeAll() {
        for leg in 0..<legs.capacity where legs.isOpen(leg) { legs.close(leg) }
    }

    private mutating func fail(_ leg: Int, _ fault: Fault) {
        result.faults.add(fault)
        legs.close(leg)
    }

    /// An echo reads only as much as it can hold; otherwise a block is taken whole before the next
    /// one comes.
    private mutating func receive(_ leg: Int) {
        legs.receive(leg, limit: kind == .echo ? 2 * legs.blockClass.bytes : 1)
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
        rows[leg].input = block
        rows[leg].inputAt = 0
        rows[leg].inputCount = count
        takeOn(leg)
    }

    /// Takes requests one after the other, as long as there is room for the answers.
    private mutating func takeOn(_ leg: Int) {
        let row = rows + leg
        var fault: Fault?
        while fault == nil, row.pointee.inputAt < row.pointee.inputCount, legs.canMake(leg) {
            let bytes = UnsafeRawPointer(legs.address(row.pointee.input)) + row.pointee.inputAt
            let count = row.pointee.inputCount - row.pointee.inputAt
            switch kind {
            case .http: fault = takeHTTP(leg, bytes, count)
            case .source: fault = beginSource(leg, count)
            default: fault = takeRequest(leg, bytes, count)
            }
        }
        if fault == nil { legs.flush(leg) }
        guard fault != nil || row.pointee.inputAt == row.pointee.inputCount else { return }
        legs.release(row.pointee.input)
        row.pointee.input = .none
        if let fault { return fail(leg, fault) }
        if kind != .source { receive(leg) }
    }

    private mutating func takeRequest(
        _ leg: Int, _ bytes: UnsafeRawPointer, _ count: Int
    ) -> Fault? {
        let row = rows + leg
        guard !row.pointee.isLast else { return .surplus }
        var taken = 0
        if row.pointee.header == nil {
            taken = row.pointee.takeHeader(bytes, count: count)
            row.pointee.inputAt += taken
            guard row.pointee.headerBytes == ExchangeHeader.bytes else { return nil }
            guard let header = row.pointee.wholeHeader else { return .wrongByte }
            row.pointee.header = header
            row.pointee.verifier = Verifier(
                seed: header.seed, position: UInt64(ExchangeHeader.bytes),
                end: UInt64(header.requestBytes))
        }
        let share = row.pointee.verifier.share(of: count - taken)
        row.pointee.inputAt += share
        if let fault = row.pointee.verifier.check(bytes + taken, count: share) { return fault }
        guard row.pointee.verifier.isWhole, let header = row.pointee.header else { return nil }
        row.pointee.rest()
        row.pointee.isLast = header.isLast
        result.requests += 1
        let answer = StreamToSend(seed: header.answerSeed, bytes: UInt64(header.answerBytes))
        return legs.make(leg, answer) ? nil : .other
    }

    private mutating func beginSource(_ leg: Int, _ count: Int) -> Fault? {
        (rows + leg).pointee.inputAt += count
        result.requests += 1
        return legs.make(leg, StreamToSend(seed: OriginKind.sourceSeed, bytes: .max)) ? nil : .other
    }

    // MARK: Ends

    private mutating func sent(_ leg: Int) {
        let row = rows + leg
        if kind == .echo, !row.pointee.hasEnded { return readOn(leg) }
        if !row.pointee.input.isNone { takeOn(leg) }
        guard legs.isFlushed(leg) else { return }
        if row.pointee.isLast, !row.pointee.isShut {
            row.pointee.isShut = true
            legs.shutdownWrite(leg)
        }
        if row.pointee.hasEnded { legs.close(leg) }
    }

    /// Between two requests.
    private func isAtRest(_ leg: Int) -> Bool {
        rows[leg].isAtRest && !(kind == .http && heads.isMidHead(leg))
    }

    private mutating func ended(_ leg: Int) {
        rows[leg].hasEnded = true
        if kind != .echo, !isAtRest(leg) { return fail(leg, .short) }
        if legs.isFlushed(leg) { legs.close(leg) }
    }
}
