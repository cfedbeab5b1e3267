/// Checks that both ends saw the work of a lossless proxy, in the simulated world and in real ones.
package struct FlowJudge {
    /// Known events outside the plans.
    package struct Allowances: Sendable {
        /// Sessions may have been cut off or refused: only prefixes are owed.
        package var cuts = false
        /// The bytes that a reset left may be late: the clock jumps.
        package var lateResets = false

        package init() {}
    }

    private let plans: [FlowPlan]
    private let allowances: Allowances
    private var clients: [[FlowResult]]
    private var upstreams: [[FlowResult]]
    private var faults: [String] = []

    package init(plans: [FlowPlan], results: [FlowResult], allowances: Allowances) {
        self.plans = plans
        self.allowances = allowances
        clients = Array(repeating: [], count: plans.count)
        upstreams = clients
        for result in results {
            if result.isClient {
                clients[result.plan].append(result)
            } else {
                upstreams[result.plan].append(result)
            }
        }
    }

    /// The faults, at most a few lines; empty without a fault.
    package mutating func judge() -> [String] {
        for plan in plans.indices {
            clients[plan].sort { $0.number < $1.number }
            upstreams[plan].sort { $0.number < $1.number }
            for client in clients[plan] {
                judge(client, from: upstreams[plan])
                if !mayBeCut(plan) { judgeWhole(client) }
            }
            for upstream in upstreams[plan] {
                judge(upstream, from: clients[plan])
                if !mayBeCut(plan), !upstream.isAbandoned { judgeWhole(upstream) }
            }
            judgeSilence(plan)
            judgePairing(plan)
        }
        return Array(faults.prefix(5))
    }

    private func mayBeCut(_ plan: Int) -> Bool { allowances.cuts || plans[plan].mayBeCut }

    private mutating func fault(_ result: FlowResult, _ text: String) {
        faults.append("\(result.name): \(text) (\(plans[result.plan]))")
    }

    /// The rules for every session, in every circumstance.
    private mutating func judge(_ result: FlowResult, from senders: [FlowResult]) {
        let plan = plans[result.plan]
        if let at = result.wrongAt {
            return fault(result, "byte \(at) is wrong")
        }
        if result.end == .none { fault(result, "never saw an end") }
        if result.isAbandoned {
            if result.received > 0 { fault(result, "an abandoned attempt got bytes") }
            return
        }
        let owed = plan.bytes(fromClient: !result.isClient)
        if let number = result.sender {
            guard number < senders.count else { return fault(result, "an unknown sender") }
            let sender = senders[number]
            if result.received > sender.sent {
                fault(result, "received \(result.received) of \(sender.sent) bytes")
            }
            judgeReset(of: sender, seenBy: result)
            if result.end == .clean, !sender.sentEnd, !result.isFinished {
                fault(result, "a clean end, though the other side has not ended its stream")
            }
        } else if result.received > owed {
            fault(result, "received \(result.received) of \(owed) bytes")
        }
        if result.end == .clean, !result.isFinished {
            if result.received != owed {
                fault(result, "a clean end after \(result.received) of \(owed) bytes")
            }
            if plan.resets(client: !result.isClient) {
                fault(result, "a reset came as a clean end")
            }
        }
    }

    /// All bytes that the reset did not destroy have to arrive before it.
    private mutating func judgeReset(of sender: FlowResult, seenBy result: FlowResult) {
        guard let deliverable = sender.deliverable, !allowances.lateResets, !mayBeCut(result.plan),
            result.received != deliverable, !result.isInexact
        else { return }
        // A reset is no end: what hooks hold goes with it.
        if result.isHooked, (0...Self.heldMost).contains(deliverable - result.received) { return }
        fault(result, "received \(result.received) of \(deliverable) bytes sent before the reset")
    }

    /// Bytes that a chain of chaos hooks holds back, at most: each hook's rest, and a group of the
    /// hook behind it that the rest would have completed.
    private static let heldMost = 20

    /// This session was undisturbed, so its plan was carried out to the last byte.
    private mutating func judgeWhole(_ result: FlowResult) {
        let plan = plans[result.plan]
        guard !plan.hasReset else {
            if plan.resets(client: result.isClient) { return }
            if result.end != .reset { fault(result, "saw \(result.end), not the reset") }
            return
        }
        let owed = plan.bytes(fromClient: !result.isClient)
        if result.end != .clean { fault(result, "saw \(result.end), not a clean end") }
        if result.received != owed { fault(result, "received \(result.received) of \(owed) bytes") }
        if !result.sentEnd { fault(result, "could not end its stream") }
    }

    /// A session that the proxy ends for its silence had no ended side: both ends see a reset,
    /// after all bytes that were sent.
    private mutating func judgeSilence(_ number: Int) {
        let plan = plans[number]
        guard plan.end == .byProxy else { return }
        let ends = clients[number] + upstreams[number].filter { !$0.isAbandoned }
        for it in ends where it.end == .clean && !it.isFinished {
            fault(it, "sees an end in its silence, though the other side has sent none")
        }
        guard !allowances.cuts, plan.clientReading == .prompt, plan.upstreamReading == .prompt
        else { return }
        for it in ends where it.received != plan.bytes(fromClient: !it.isClient) {
            let missing = plan.bytes(fromClient: !it.isClient) - it.received
            if it.isHooked, (0...Self.heldMost).contains(missing) { continue }
            fault(it, "is ended in its silence after \(it.received) bytes")
        }
    }

    /// Ends are paired: an end receives bytes only from the end that receives its own.
    private mutating func judgePairing(_ plan: Int) {
        var receivers: [Int: Int] = [:]
        for upstream in upstreams[plan] {
            guard let client = upstream.sender else { continue }
            if let other = receivers.updateValue(upstream.number, forKey: client) {
                fault(upstream, "has the bytes of client \(client), as upstream \(other) has")
            }
            guard client < clients[plan].count,
                let answered = clients[plan][client].sender
            else { continue }
            if answered != upstream.number {
                fault(upstream, "has the bytes of client \(client), who has upstream \(answered)'s")
            }
        }
        if !mayBeCut(plan), !plans[plan].hasReset {
            for client in clients[plan]
            where client.sent >= FlowContent.headerBytes && receivers[client.number] == nil {
                fault(client, "sent \(client.sent) bytes, and no upstream has them")
            }
        }
        var senders: Set<Int> = []
        for client in clients[plan] {
            guard let upstream = client.sender else { continue }
            if !senders.insert(upstream).inserted {
                fault(client, "has the bytes of upstream \(upstream), as another client has")
            }
        }
    }
}
