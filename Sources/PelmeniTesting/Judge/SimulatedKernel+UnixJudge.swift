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
            || world.messages.contains {
                if mayCrowd($0) { return true }
                guard $0.forwardsToUnix else { return false }
                let together = $0.messages * ($0.hasNameless ? $0.clients : 1)
                return together > Limits.messagesMax
                    || together * $0.sizeMost(isResponse: false) > Limits.smallHigh
            }
    }

    func judgeUnix(_ counters: Counters) -> [String] {
        let books = messages.books
        let drops = { (reason: DropReason) in Int(counters.get(reason)) }
        var faults: [String] = []
        if isAllDatagrams, !mayOverflow, drops(.queueFull) > books.full {
            faults.append("\(drops(.queueFull)) found a queue full, of \(books.full)")
        }
        if isCalm, drops(.noUpstream) > 0 {
            faults.append("\(drops(.noUpstream)) found no upstream, though all is calm")
        }
        // A message in parts that found no block to be gathered in is dropped before its end.
        let ungathered = isAllDatagrams ? 0 : drops(.queueFull)
        let otherwise = books.nameless - drops(.noReturnAddress)
        if otherwise > books.unlooked + books.oversize + ungathered + drops(.surplus)
            + drops(.hook)
        {
            faults.append("\(otherwise) answers without an address count for something else")
        }
        return faults
    }
}
