internal import PelmeniCore
internal import PelmeniRuntime

/// Requests and answers.
extension LoadWorker {
    // MARK: Requests

    /// Sends as many requests as the connection may have in flight, in one call to the kernel; ends
    /// the connection after its last one.
    mutating func proceed(_ leg: Int, _ now: UInt64) {
        guard rows[leg].phase == .active, plan.origin != .source else { return }
        while rows[leg].inFlight < plan.depth, legs.canMake(leg), let since = nextSince(leg, now) {
            ask(leg, since, now)
            guard rows[leg].phase == .active else { return }
        }
        legs.flush(leg)
        guard stage == .ending, rows[leg].inFlight == 0 else { return }
        // The connection had no request: a proxy of HTTP answers a stream that ends without one.
        if plan.origin == .http, plan.reconnects {
            rows[leg].phase = .closing
            return legs.close(leg)
        }
        rows[leg].phase = .ending
        rows[leg].since = now
        legs.shutdownWrite(leg)
    }

    /// The start time of a connection's next request; nil when it has none to send.
    private func nextSince(_ leg: Int, _ now: UInt64) -> UInt64? {
        let row = rows + leg
        switch stage {
        case .holding: return nil
        case .opening:
            return row.pointee.isTried || row.pointee.inFlight > 0 ? nil : begin(leg, now)
        case .ending where plan.holds: return row.pointee.isProven ? nil : now
        case .warmingUp, .measuring, .ending:
            if plan.isOpenLoop {
                guard waiting(leg) > 0 else { return nil }
                return intended(leg + row.pointee.asked * plan.connections)
            }
            return stage == .ending || thinking.contains(leg) ? nil : begin(leg, now)
        }
    }

    /// The time of a new connection is part of the exchange, and so is the delay of a load that is
    /// late after a pause.
    private func begin(_ leg: Int, _ now: UInt64) -> UInt64 {
        if plan.reconnects { return rows[leg].since }
        return rows[leg].meant > 0 ? rows[leg].meant : now
    }

    private mutating func ask(_ leg: Int, _ since: UInt64, _ now: UInt64) {
        let row = rows + leg
        number &+= 1
        if stage == .ending {
            row.pointee.isProven = true
            trials.inFlight += 1
        }
        if plan.isOpenLoop, stage != .opening { row.pointee.asked += 1 }
        if row.pointee.inFlight == 0 {
            row.pointee.answer = answer(number)
            row.pointee.since = plan.reconnects ? since : now
        }
        let place = (row.pointee.oldest + row.pointee.inFlight) % plan.depth
        requests[leg * plan.depth + place] = LoadRequest(number: number, since: since)
        row.pointee.inFlight += 1
        if !legs.make(leg, request(number)) { fail(leg, .other) }
    }

    private func header(_ number: UInt64) -> ExchangeHeader {
        ExchangeHeader(
            seed: Pattern.seed(number), requestBytes: plan.requestBytes,
            answerBytes: plan.answerBytes, isLast: plan.reconnects)
    }

    private func work(_ number: UInt64) -> HTTPWork {
        HTTPWork(
            seed: Pattern.seed(number), requestBytes: plan.requestBytes,
            answerBytes: plan.answerBytes, isLast: plan.reconnects)
    }

    private func request(_ number: UInt64) -> StreamToSend {
        switch plan.origin {
        case .echo: StreamToSend(seed: Pattern.seed(number), bytes: UInt64(plan.requestBytes))
        case .answer: StreamToSend(header(number))
        case .http: StreamToSend(request: work(number))
        case .source: StreamToSend(seed: Pattern.seed(number), bytes: 1)
        }
    }

    private func answer(_ number: UInt64) -> Verifier {
        switch plan.origin {
        case .echo: Verifier(seed: Pattern.seed(number), end: UInt64(plan.requestBytes))
        case .answer: Verifier(seed: header(number).answerSeed, end: UInt64(plan.answerBytes))
        case .http: Verifier(seed: work(number).answerSeed, end: UInt64(plan.answerBytes))
        case .source: Verifier(seed: OriginKind.sourceSeed, end: .max)
        }
    }

    // MARK: Answers

    mutating func take(_ leg: Int, _ block: BlockID, _ count: Int) {
        // The time of checking is not part of the answer's.
        let now = legs.now()
        let row = rows + leg
        let countsBytes = plan.counted == .received && isCounted(now)
        let bytes = UnsafeRawPointer(legs.address(block))
        var fault: Fault?
        var at = 0
        while at < count, fault == nil {
            guard row.pointee.phase == .active, row.pointee.inFlight > 0 else {
                fault = .surplus
                break
            }
            if plan.origin == .http, !row.pointee.hasHead {
                fault = takeHead(leg, bytes, &at, count)
                continue
            }
            let share = row.pointee.answer.share(of: count - at)
            fault = row.pointee.answer.check(bytes + at, count: share)
            at += share
            if countsBytes { result.bytes += UInt64(share) }
            if row.pointee.answer.isWhole, fault == nil { answered(leg, now) }
        }
        legs.release(block)
        if let fault { return fail(leg, fault) }
        if plan.origin == .source { return stalledProven(leg) }
        // A ring may end a receive after any byte.
        legs.receive(leg, limit: plan.receiveBytesMax)
        goOn(leg, now)
    }

    /// Takes the head of an answer, or a part of it.
    private mutating func takeHead(
        _ leg: Int, _ bytes: UnsafeRawPointer, _ at: inout Int, _ count: Int
    ) -> Fault? {
        switch heads.take(leg, bytes + at, count - at) {
        case .part: at = count
        case .tooLong: return .wrongHead
        case .whole(let head, let taken):
            at += taken
            rows[leg].hasHead = true
            return HTTPWork.fault(ofAnswer: head, bytes: plan.answerBytes)
        }
        return nil
    }

    private mutating func answered(_ leg: Int, _ now: UInt64) {
        let row = rows + leg
        let first = leg * plan.depth
        let request = requests[first + row.pointee.oldest]
        row.pointee.oldest = (row.pointee.oldest + 1) % plan.depth
        row.pointee.inFlight -= 1
        row.pointee.hasHead = false
        row.pointee.since = now
        if row.pointee.inFlight > 0 {
            row.pointee.answer = answer(requests[first + row.pointee.oldest].number)
        }
        let counts = isCounted(now)
        if counts {
            result.exchanges += 1
            result.bytes += exchangeBytes
            if !plan.isStaged { result.nanoseconds = now &- windowStart }
        }
        if plan.isOpenLoop ? isIntendedInWindow(request.since) : counts {
            result.latency.record(now > request.since ? now &- request.since : 0)
        }
        if stage == .opening, !row.pointee.isTried { noteTried(leg) }
        guard plan.holds, stage == .ending else { return }
        trials.inFlight -= 1
        tryMoreAgain()
    }

    /// Continues after the answers of a block.
    private mutating func goOn(_ leg: Int, _ now: UInt64) {
        guard rows[leg].phase == .active else { return }
        if plan.reconnects {
            // The origin ends a connection with a single request.
            if rows[leg].inFlight == 0 { rows[leg].phase = .ending }
            return
        }
        let isRunning = stage == .warmingUp || stage == .measuring
        if plan.thinkNanoseconds > 0, isRunning, rows[leg].inFlight < plan.depth {
            thinking.append(leg, until: now &+ plan.thinkNanoseconds)
        }
        proceed(leg, now)
    }

    private mutating func noteTried(_ leg: Int) {
        rows[leg].isTried = true
        trials.tried += 1
        openMore()
    }

    // MARK: Counting

    /// Whether an exchange that ends now counts.
    private func isCounted(_ now: UInt64) -> Bool {
        if !plan.isStaged { return true }
        if plan.holds { return stage == .ending }
        return stage == .measuring && now < stageEnd
    }

    /// An open loop times the requests intended for the window, whenever their answers came:
    /// leaving out requests still in flight at its end would leave out the slowest.
    private func isIntendedInWindow(_ time: UInt64) -> Bool {
        (stage == .measuring || stage == .ending) && time >= windowStart && time < stageEnd
    }

    private var exchangeBytes: UInt64 {
        let answerBytes = plan.origin == .echo ? plan.requestBytes : plan.answerBytes
        return switch plan.counted {
        case .exchanges: UInt64(plan.requestBytes) + UInt64(answerBytes)
        case .received: 0
        case .requests: UInt64(plan.requestBytes)
        }
    }

    // MARK: Streams that are not read

    /// Requests a stream, and leaves it in the kernel.
    mutating func beginStalling(_ leg: Int) {
        guard stage == .opening else { return proveStalled(leg, legs.now()) }
        number &+= 1
        guard legs.make(leg, request(number)) else { return fail(leg, .other) }
        legs.flush(leg)
        noteTried(leg)
    }

    /// Whether a stream is still open: no reset is pending, and its first bytes are right.
    mutating func proveStalled(_ leg: Int, _ now: UInt64) {
        guard !legs.isBroken(leg) else { return fail(leg, .reset) }
        guard rows[leg].isTried else {
            rows[leg].phase = .closing
            return legs.close(leg)
        }
        rows[leg].answer = answer(0)
        rows[leg].inFlight = 1
        rows[leg].since = now
        legs.receive(leg, limit: 1)
    }

    /// The stream is endless: stop reading.
    private mutating func stalledProven(_ leg: Int) {
        result.exchanges += 1
        rows[leg].phase = .closing
        rows[leg].inFlight = 0
        legs.close(leg)
    }
}
