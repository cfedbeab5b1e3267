internal import PelmeniCore

// A further rule for Unix datagram sockets: they lose nothing.
extension SimulatedKernel {
    /// Whether an answer to a client with a full queue may be dropped: the answer is old, many
    /// wait, or its session may have ended.
    func mayGiveUp(_ send: DatagramSend, _ number: Int) -> Bool {
        guard let plan = world.messagePlan(messages.sockets[number].pair) else { return true }
        let age = time - send.outgoing.pointee.since
        let isCalm =
            plan.responses == 0 && plan.requests == 0 && plan.refusesFrom == .max
            && plan.upstreams == [[.accepts]] && !isDraining
        let idle = plan.deadlines.idle == 0 ? .max : plan.deadlines.idle
        let patience = min(Limits.responsePatience, idle)
        return !isCalm || age + 2 * faults.clockJumpMost + 50_000_000 >= patience
            || mayCrowd(plan)
    }

    /// Whether a client's answers may exceed its share of the waiting ones.
    private func mayCrowd(_ plan: SimulatedMessagePlan) -> Bool {
        let share = pool.totalBlocks(.small) / Limits.waitingResponsesShare
        let most = max(
            Limits.waitingResponsesMin, min(Limits.waitingResponsesMax, share))
        let all = world.messages.reduce(0) { $0 + $1.clients * $1.messages * $1.answers }
        return 2 * plan.messages * plan.answers > most - all
    }

    /// No fault is injected, and no end gives up a session: no message may be lost for lack of an
    /// upstream.
    private var isCalm: Bool {
        world.plans.isEmpty && world.healsAt == .max && world.drainsAt == .max
            && world.stopsAt == .max
            && world.messages.allSatisfy {
                $0.kind == .datagrams && $0.upstreams == [[.accepts]] && $0.refusesFrom == .max
                    && $0.requests == 0 && $0.responses == 0 && $0.silence == 0
            }
    }

    /// Datagrams to a Unix upstream may have found their queue in the engine full.
    private var mayOverflow: Bool {
        let sent = world.messages.reduce(0) { $0 + $1.clients * $1.messages * ($1.answers + 1) }
        return pool.totalPieces < sent || OutgoingTable.capacity / 2 < sent
            || world.messages.indices.contains { index in
                let plan = world.messages[index]
                if mayCrowd(plan) || mayWait(plan, pair: index + world.plans.count) { return true }
                guard plan.forwardsToUnix else { return false }
                let together = plan.messages * (plan.hasNameless ? plan.clients : 1)
                return together > Limits.messagesMax
                    || together * plan.sizeMost(isResponse: false) > Limits.smallHigh
            }
    }

    /// Whether more messages of one session than it may keep can wait for an asynchronous hook, or
    /// for a driver.
    private func mayWait(_ plan: SimulatedMessagePlan, pair: Int) -> Bool {
        let isLate = world.chaos.isEmpty ? false : world.chaos[pair]?.isLate ?? false
        guard isLate || world.isDriven(pair) else { return false }
        let asked = plan.messages * (plan.hasNameless ? plan.clients : 1)
        let answered = asked * plan.answers
        let bytes =
            asked * plan.sizeMost(isResponse: false) + answered * plan.sizeMost(isResponse: true)
        return asked + answered > Limits.messagesMax || bytes > Limits.smallHigh
    }

    func judgeUnix(_ counters: Counters) -> [String] {
        let books = messages.books
        let drops = { (reason: DropReason) in Int(counters.get(reason)) }
        var faults: [String] = []
        let full = books.full + chaos.books.pointee.withoutBlock
        if isAllDatagrams, !mayOverflow, drops(.queueFull) > full {
            faults.append("\(drops(.queueFull)) found a queue full, of \(full)")
        }
        if isCalm, drops(.noUpstream) > 0 {
            faults.append("\(drops(.noUpstream)) found no upstream, though all is calm")
        }
        // A message in parts that found no block to be gathered in is dropped before its end. So
        // is an answer that waits for a hook or a driver, or that one made outside of blocks. An
        // answer that a driver loses has no count at all.
        let isPlain = isAllDatagrams && world.chaos.isEmpty && world.drivers.isEmpty
        let ungathered = isPlain ? 0 : drops(.queueFull)
        let otherwise = books.nameless - drops(.noReturnAddress)
        if otherwise > books.oversize + ungathered + drops(.surplus) + drops(.hook)
            + chaos.books.pointee.lostAnswers
        {
            faults.append("\(otherwise) answers without an address count for something else")
        }
        return faults
    }
}
