internal import CPelmeni
internal import Glibc

// Units pass the hooks of their pair: one after the other, emitted buffers before the unit.
extension Relay where R: ~Copyable {
    @inline(__always)
    func chain(of session: SessionID) -> UnsafeMutablePointer<HookChain>? {
        hooks.chain(sessions[session].pair)
    }

    /// Takes an item through the hooks behind its stage, and sends on what comes out. Takes over
    /// the lease.
    ///
    /// - Parameter isBehind: the item waited behind a parked one, and its turn has come.
    mutating func passHooks(
        _ first: HookRunner.Item, _ session: SessionID, isBehind: Bool = false
    ) {
        var item = first
        if !isBehind, hasLater(session), isParked(session, isToClient: item.isToClient) {
            guard !queueBehind(item, session) else { return }
            item.row.releaseOnWorker()
            uncount(session, isToClient: item.isToClient)
            return drop(.queueFull)
        }
        passStack(item, session, 0)
    }

    /// An asynchronous hook has answered.
    mutating func passAnswered(
        _ answered: HookRunner.Item, _ verdict: VerdictCode, _ session: SessionID
    ) {
        guard let chain = chain(of: session) else { return }
        var item = answered
        var waiting = 0
        if !acceptsUnits(session) {
            dropAnswered(&item)
        } else if settle(verdict, &item, session, chain, &waiting) {
            return passStack(item, session, waiting)
        }
        guard waiting > 0 else { return }
        waiting &-= 1
        passStack(hooks.items[waiting], session, waiting)
    }

    /// Passes an item, and then those on the stack.
    private mutating func passStack(
        _ first: HookRunner.Item, _ session: SessionID, _ count: Int
    ) {
        guard let chain = chain(of: session) else { return }
        var item = first
        var waiting = count
        while true {
            if acceptsUnits(session) {
                pass(&item, session, chain, &waiting)
            } else {
                // The session has ended before this unit.
                if item.isMessage, !item.isExtra { drop(.hook) }
                item.row.releaseOnWorker()
            }
            guard waiting > 0 else { return }
            waiting &-= 1
            item = hooks.items[waiting]
        }
    }

    /// Whether a unit may still be sent to the other side.
    private func acceptsUnits(_ session: SessionID) -> Bool {
        guard isOpen(session), let chain = chain(of: session) else { return false }
        if sessions[session].kind.hasMessages, states[session].hookCause != nil { return false }
        if isFinishedByHook(session) { return false }
        return !chain.pointee.row(session).pointee.isFinishing
    }

    /// Takes an item through the next hooks. What has to wait for emitted buffers is put on the
    /// stack.
    private mutating func pass(
        _ item: inout HookRunner.Item, _ session: SessionID,
        _ chain: UnsafeMutablePointer<HookChain>, _ waiting: inout Int
    ) {
        guard item.action == .pass else { return act(item, session) }
        let row = chain.pointee.row(session)
        let ofPair = item.isToClient ? chain.pointee.toClient : chain.pointee.toUpstream
        while true {
            let stage = chain.pointee.next(
                behind: Int(item.stage), of: ofPair & ~row.pointee.released(item.isToClient),
                isToClient: item.isToClient)
            guard stage >= 0 else { break }
            item.stage = Int8(truncatingIfNeeded: stage)
            if let held = heldBytes(row, chain, stage, item.isToClient), held.pointee.count > 0 {
                putBefore(held, &item, &waiting)
            }
            guard chain.pointee.stages[stage].deadline == 0 else {
                return park(item, session, chain, &waiting)
            }
            let answer = call(item.stage, &item, session, chain)
            guard settle(answer, &item, session, chain, &waiting) else { return }
        }
        forward(item, session)
    }

    /// Calls a hook. The unit may be another one afterwards.
    private mutating func call(
        _ stage: Int8, _ item: inout HookRunner.Item, _ session: SessionID,
        _ chain: UnsafeMutablePointer<HookChain>
    ) -> VerdictCode {
        describe(session, chain, isToClient: item.isToClient)
        hooks.call.pointee.isMessage = item.isMessage
        hooks.call.pointee.isEnd = item.isEnd
        hooks.call.pointee.begin(stage: Int(stage), pair: sessions[session].pair)
        item.row.isMessage = item.isMessage
        item.row.held = 0
        let number = hooks.call(chain, session, Int(stage), &item.row)
        chain.pointee.stages[Int(stage)].counts.add(.calls)
        return VerdictCode(rawValue: number) ?? .forward
    }

    /// What the session's hooks may see of it.
    func describe(
        _ session: SessionID, _ chain: UnsafeMutablePointer<HookChain>, isToClient: Bool
    ) {
        let call = hooks.call
        let row = sessions.row(session)
        call.pointee.row = UnsafePointer(chain.pointee.row(session))
        call.pointee.isToClient = isToClient
        call.pointee.isEnd = false
        call.pointee.clientName =
            row.pointee.kind.hasNamedClient
            ? withUnsafePointer(to: &states[session].name) { $0 } : nil
    }

    // MARK: Verdicts

    /// Carries out a verdict. False when the item is not offered to the next hook now.
    private mutating func settle(
        _ verdict: VerdictCode, _ item: inout HookRunner.Item, _ session: SessionID,
        _ chain: UnsafeMutablePointer<HookChain>, _ waiting: inout Int
    ) -> Bool {
        let stage = Int(item.stage)
        let row = chain.pointee.row(session)
        switch verdict {
        case .forward: hold(&item, row, chain)
        case .release: row.pointee.release(stage, isToClient: item.isToClient)
        case .drop:
            hold(&item, row, chain)
            countDrop(item, session, chain)
            item.row.releaseOnWorker()
            stackEnd(item, &waiting)
        case .reply, .finish:
            chain.pointee.stages[stage].counts.add(.drops)
            item.row.releaseOnWorker()
            if verdict == .reply { stackEnd(item, &waiting) }
            stackAction(verdict, item, &waiting)
        case .close:
            countDrop(item, session, chain)
            item.row.releaseOnWorker()
            dropEmitted()
            closeByHook(session, isToClient: item.isToClient)
            return false
        }
        let goesOn = verdict == .forward || verdict == .release
        guard hooks.call.pointee.emittedCount > 0 else { return goesOn }
        if goesOn { stack(item, &waiting) }
        stackEmitted(item, &waiting)
        return false
    }

    private mutating func countDrop(
        _ item: HookRunner.Item, _ session: SessionID,
        _ chain: UnsafeMutablePointer<HookChain>
    ) {
        chain.pointee.stages[Int(item.stage)].counts.add(.drops)
        guard item.isMessage, !item.isExtra else { return }
        drop(.hook)
        uncount(session, isToClient: item.isToClient)
    }

    private mutating func stack(_ item: HookRunner.Item, _ waiting: inout Int) {
        hooks.items[waiting] = item
        waiting &+= 1
    }

    /// The end behind a chunk that goes no further.
    private mutating func stackEnd(_ item: HookRunner.Item, _ waiting: inout Int) {
        guard item.isEnd else { return }
        var end = item
        end.row = BufferRow()
        stack(end, &waiting)
    }

    /// What a hook does in place of a unit, behind the buffers that it emitted.
    private mutating func stackAction(
        _ verdict: VerdictCode, _ item: HookRunner.Item, _ waiting: inout Int
    ) {
        var action = item
        action.row = BufferRow()
        action.isEnd = false
        action.action = verdict == .reply ? .reply : .finish
        action.hasRow = hooks.call.pointee.hasReply
        if hooks.call.pointee.hasReply { action.row = hooks.call.pointee.reply }
        hooks.call.pointee.hasReply = false
        stack(action, &waiting)
    }

    /// The buffers of a call, the first one on top.
    private mutating func stackEmitted(_ item: HookRunner.Item, _ waiting: inout Int) {
        var index = hooks.call.pointee.emittedCount
        while index > 0 {
            index &-= 1
            var extra = item
            extra.row = hooks.call.pointee.emitted[index]
            extra.isEnd = false
            extra.isExtra = true
            stack(extra, &waiting)
        }
        hooks.call.pointee.emittedCount = 0
    }

    /// A hook that closes its session emits nothing.
    private mutating func dropEmitted() {
        for index in 0..<hooks.call.pointee.emittedCount {
            hooks.call.pointee.emitted[index].releaseOnWorker()
        }
        hooks.call.pointee.emittedCount = 0
    }

    // MARK: Held bytes

    private func heldBytes(
        _ row: UnsafeMutablePointer<HookRow>, _ chain: UnsafeMutablePointer<HookChain>,
        _ stage: Int, _ isToClient: Bool
    ) -> UnsafeMutablePointer<HeldBytes>? {
        row.pointee.later.map {
            $0.pointee.held + (isToClient ? chain.pointee.count &+ stage : stage)
        }
    }

    /// Keeps the bytes that a hook holds back of a chunk; its end leaves none.
    private mutating func hold(
        _ item: inout HookRunner.Item, _ row: UnsafeMutablePointer<HookRow>,
        _ chain: UnsafeMutablePointer<HookChain>
    ) {
        let count = min(item.row.held, item.row.count)
        item.row.held = 0
        guard count > 0, !item.isEnd, !item.isMessage, let start = item.row.start else { return }
        let later = laterRow(row, chain)
        let index = Int(item.stage) &+ (item.isToClient ? chain.pointee.count : 0)
        later.pointee.held[index].set(start + (item.row.count &- count), count)
        item.row.removeLast(count)
    }

    func laterRow(
        _ row: UnsafeMutablePointer<HookRow>, _ chain: UnsafeMutablePointer<HookChain>
    ) -> UnsafeMutablePointer<HookLater> {
        if let later = row.pointee.later { return later }
        let later = HookLater.create(hooks: chain.pointee.count)
        row.pointee.later = later
        return later
    }

    /// Whether a session ever had bytes or units that wait: most have none.
    @inline(__always)
    func hasLater(_ session: SessionID) -> Bool {
        guard let chain = chain(of: session) else { return false }
        return chain.pointee.row(session).pointee.later != nil
    }

    /// Puts held bytes before a chunk. A full block has no room for them, and neither has a buffer
    /// at its bound: the last bytes of the chunk then become a chunk of their own.
    private mutating func putBefore(
        _ held: UnsafeMutablePointer<HeldBytes>, _ item: inout HookRunner.Item,
        _ waiting: inout Int
    ) {
        let count = Int(held.pointee.count)
        let isFull =
            item.row.headroom &+ item.row.tailroom < count
            || item.row.count &+ count > Buffer.bytesMax
        if isFull, item.row.count > count, let start = item.row.start {
            var rest = item
            rest.row = BufferRow()
            let tail = UnsafeRawBufferPointer(
                start: start + (item.row.count &- count), count: count)
            let isCopied = rest.row.append(tail)
            assert(isCopied, "held bytes are within the bound of a buffer")
            rest.stage = item.isToClient ? item.stage &+ 1 : item.stage &- 1
            item.isEnd = false
            item.row.removeLast(count)
            hooks.items[waiting] = rest
            waiting &+= 1
        }
        let bytes = UnsafeRawBufferPointer(start: held.pointee.start, count: count)
        let isThere = item.row.prepend(bytes)
        assert(isThere, "a chunk with its held bytes is within the bound of a buffer")
        held.pointee.empty()
    }
}
