internal import CPelmeni
internal import Glibc

// Asynchronous hooks: a unit is parked while its hook has it, and only its direction waits.
extension Relay where R: ~Copyable {
    /// Whether a hook has a unit of this direction, or units wait behind one.
    func isParked(_ session: SessionID, isToClient: Bool) -> Bool {
        guard let queue = laterQueue(session, isToClient: isToClient) else { return false }
        return queue.pointee.parked.isThere || !queue.pointee.behind.isEmpty
    }

    func hasParked(_ session: SessionID) -> Bool {
        isParked(session, isToClient: true) || isParked(session, isToClient: false)
    }

    /// Hands a unit to an asynchronous hook. The items on the stack wait behind it.
    mutating func park(
        _ item: HookRunner.Item, _ session: SessionID,
        _ chain: UnsafeMutablePointer<HookChain>, _ waiting: inout Int
    ) {
        _ = laterRow(chain.pointee.row(session), chain)
        guard let queue = laterQueue(session, isToClient: item.isToClient) else { return }
        // The items of this stack come before the units that were behind an earlier call.
        var rest = ItemQueue()
        swap(&rest, &queue.pointee.behind)
        while waiting > 0 {
            waiting &-= 1
            queue.pointee.behind.append(hooks.items[waiting])
        }
        while let next = rest.popFirst() { queue.pointee.behind.append(next) }
        parkedSerial &+= 1
        let number = ParkedCall.number(
            session, isToClient: item.isToClient, serial: parkedSerial)
        let stage = Int(item.stage)
        let deadline = now &+ chain.pointee.stages[stage].deadline
        describe(session, chain, isToClient: item.isToClient)
        hooks.call.pointee.isMessage = item.isMessage
        hooks.call.pointee.isEnd = item.isEnd
        hooks.call.pointee.begin(stage: stage, pair: sessions[session].pair)
        hooks.call.pointee.parked = (item.row, number)
        var kept = item
        kept.row = BufferRow()
        queue.pointee.parked = ParkedCall(number: number, deadline: deadline, item: kept)
        chain.pointee.stages[stage].counts.add(.calls)
        // The hook may answer before it returns: the answer waits in the queue.
        let token = hooks.callLater(chain, session, stage)
        queue.pointee.parked.token = token
        legs.wheel.hasten(session, to: deadline)
    }

    /// Puts a unit behind a parked one. False when too many wait: it is dropped.
    mutating func queueBehind(_ item: HookRunner.Item, _ session: SessionID) -> Bool {
        guard let queue = laterQueue(session, isToClient: item.isToClient) else { return false }
        if item.isMessage {
            guard queue.pointee.behind.count < Limits.messagesMax,
                queue.pointee.behind.bytes &+ item.row.count <= Limits.smallHigh
            else { return false }
        }
        queue.pointee.behind.append(item)
        return true
    }

    /// A stream whose unit a hook has was reset: the call has a second left, and is cancelled then.
    mutating func noteResetBehindParked(_ leg: LegID) {
        let session = legs[leg].session
        guard isParked(leg), sessions[session].resetAt == 0 else { return }
        legs.wheel.hasten(session, to: legs.noteReset(leg))
    }

    // MARK: Answers

    /// Takes the answers that came.
    mutating func takeAnswers() {
        let answers = hooks.answers
        var answer = pelmeni_answer()
        while pelmeni_answers_take(answers, &answer) != 0 {
            take(&answer)
            heedNotices()
        }
    }

    private mutating func take(_ answer: inout pelmeni_answer) {
        var row = BufferRow(answer)
        // A hook may answer with a buffer of another worker's session.
        if row.pool != pool.state { row.takeOver() }
        let session = ParkedCall.session(answer.number)
        guard !isOfPairDriver(session) else {
            row.releaseOnWorker()
            return pairTaskReturned(answer.number)
        }
        let isToClient = ParkedCall.isToClient(answer.number)
        guard isOpen(session), let chain = chain(of: session),
            let queue = laterQueue(session, isToClient: isToClient),
            queue.pointee.parked.number == answer.number, var item = queue.pointee.parked.item
        else { return row.releaseOnWorker() }
        row.held = 0
        endCall(queue, chain, session)
        sessions[session].activeAt = now
        hooks.call.pointee.begin(stage: Int(item.stage), pair: sessions[session].pair)
        hooks.call.pointee.end()
        withUnsafeBytes(of: answer.reason) { bytes in
            let reason = UnsafeRawBufferPointer(rebasing: bytes.prefix(Int(answer.reason_count)))
            hooks.call.pointee.setReason(reason)
        }
        let verdict = VerdictCode(rawValue: answer.verdict) ?? .close
        if verdict == .reply || verdict == .finish {
            hooks.call.pointee.reply = row
            hooks.call.pointee.hasReply = answer.has_row != 0
        } else {
            item.row = row
        }
        passAnswered(item, verdict, session)
        goOnBehind(session, isToClient: isToClient)
        if drivers.areThere, isOpen(session) { wakeDrivers(session) }
    }

    private func isOfPairDriver(_ session: SessionID) -> Bool {
        isOpen(session) && sessions[session].kind == .drivenStreams && pairPlace(session) != nil
    }

    /// Drops an answered unit, and the reply to it: the session has ended meanwhile.
    mutating func dropAnswered(_ item: inout HookRunner.Item) {
        countLost(item)
        item.row.releaseOnWorker()
        guard hooks.call.pointee.hasReply else { return }
        hooks.call.pointee.hasReply = false
        hooks.call.pointee.reply.releaseOnWorker()
    }

    /// The call is over; its token is given back.
    private func endCall(
        _ queue: UnsafeMutablePointer<ChunkQueue>, _ chain: UnsafeMutablePointer<HookChain>,
        _ session: SessionID
    ) {
        let parked = queue.pointee.parked
        queue.pointee.parked = ParkedCall()
        guard let token = parked.token, let item = parked.item else { return }
        hooks.closeCall(chain, Int(item.stage), token, pair: sessions[session].pair)
    }

    /// The units behind an answered one go on, until one is parked; then the source is read again.
    private mutating func goOnBehind(_ session: SessionID, isToClient: Bool) {
        while isOpen(session), let queue = laterQueue(session, isToClient: isToClient),
            !queue.pointee.parked.isThere, let item = queue.pointee.behind.popFirst()
        {
            passHooks(item, session, isBehind: true)
        }
        guard isOpen(session), !isParked(session, isToClient: isToClient) else { return }
        readOnBehind(session, isToClient: isToClient)
        if isOpen(session), sessions[session].kind.hasMessages { answered(session) }
    }

    private mutating func readOnBehind(_ session: SessionID, isToClient: Bool) {
        let row = sessions[session]
        let source = isToClient ? row.upstream : row.client
        guard !source.isNone, !legs[source].kind.isDatagrams, row.phase == .relaying,
            legs[source].phase == .open, !isFinishing(session)
        else { return }
        if legs[source].reading == .paused { resume(source) }
    }

    // MARK: Ends

    /// A session's timer fired: a call whose deadline has passed closes it. True if it did.
    mutating func checkParked(_ session: SessionID) -> Bool {
        guard let chain = chain(of: session),
            let later = chain.pointee.row(session).pointee.later
        else { return false }
        let due = min(later.pointee.toUpstream.parked.due, later.pointee.toClient.parked.due)
        guard due != .max else { return false }
        guard now >= due else {
            legs.wheel.hasten(session, to: due)
            return false
        }
        let isToClient = later.pointee.toClient.parked.due == due
        guard let queue = laterQueue(session, isToClient: isToClient) else { return false }
        let stage = Int(queue.pointee.parked.item?.stage ?? 0)
        // Else the session, which may have bytes to send, would wait for the answer all the same.
        cancel(queue, chain, session)
        hooks.call.pointee.begin(stage: stage, pair: sessions[session].pair)
        hooks.call.pointee.end()
        hooks.call.pointee.setReason("no answer within its deadline")
        closeByHook(session, isToClient: isToClient)
        return true
    }

    /// Cancels the calls of a session that has ended.
    mutating func cancelParked(_ session: SessionID) {
        guard let chain = chain(of: session) else { return }
        if let queue = laterQueue(session, isToClient: true) { cancel(queue, chain, session) }
        if let queue = laterQueue(session, isToClient: false) { cancel(queue, chain, session) }
    }

    private func cancel(
        _ queue: UnsafeMutablePointer<ChunkQueue>, _ chain: UnsafeMutablePointer<HookChain>,
        _ session: SessionID
    ) {
        if let item = queue.pointee.parked.item { countLost(item) }
        endCall(queue, chain, session)
        while var item = queue.pointee.behind.popFirst() {
            countLost(item)
            item.row.releaseOnWorker()
        }
    }

    private func countLost(_ item: HookRunner.Item) {
        if item.isMessage, !item.isExtra { drop(.hook) }
    }
}
