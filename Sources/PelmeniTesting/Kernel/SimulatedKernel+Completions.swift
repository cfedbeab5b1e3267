internal import PelmeniCore

// Completions: their times, their order, and stray ones among them.
extension SimulatedKernel {
    /// Schedules a completion, behind earlier ones of the same operation.
    func complete(_ it: SimulatedCompletion, after last: inout UInt64) {
        var at = clock
        if random.chance(faults.delay) {
            hit(.delayedCompletion)
            at += UInt64(random.below(2 * faults.latency))
        }
        // A completion due at this very time may still wait.
        let isBehind = last >= clock
        at = max(at, last)
        last = at
        guard at > clock || isBehind else { return ready.append(it) }
        let index: Int
        if let free = freeHeld.popLast() {
            held[free] = it
            index = free
        } else {
            index = held.count
            held.append(it)
        }
        events.add(.completion, at: at, number: index)
    }

    func release(held index: Int) {
        ready.append(held[index])
        freeHeld.append(index)
    }

    /// A stray completion: no operation waits for it.
    func stray(_ completion: Completion) {
        ready.append(
            SimulatedCompletion(
                completion: completion, socket: -1, kind: .cancel, slot: -1, isStray: true))
    }

    /// A completion of a leg that was freed long ago, with a block or without.
    func sendStale() {
        guard !retired.isEmpty, random.chance(faults.stale) else { return }
        hit(.staleCompletion)
        var kind = random.pick([OperationKind.receive, .send, .connect])
        if !world.messages.isEmpty, messages.random.chance(0x4000) {
            hit(.staleDatagram)
            kind = .receiveDatagrams
        }
        let token = random.pick(retired).with(kind)
        let block: BlockID =
            switch kind {
            case .receive: pool.take(.small)
            case .receiveDatagrams: pool.take(.datagram)
            default: .none
            }
        stray(
            Completion(
                token: token, result: Int32(random.between(-120, 500)), flags: [], block: block))
    }

    func next() -> Completion? {
        checkOwed()
        guard visibleNext < visible.count else { return nil }
        var index = visibleNext
        if random.chance(faults.reorder) {
            index += random.below(min(8, visible.count - visibleNext))
            // Completions of one operation keep their order, and so do a socket's errors and ends.
            let it = visible[index].completion
            for earlier in visibleNext..<index {
                let token = visible[earlier].completion.token
                if it.result > 0 ? token == it.token : token.index == it.token.index {
                    index = earlier
                    break
                }
            }
        }
        let it = visible[index]
        if index != visibleNext {
            hit(.reorderedCompletion)
            visible.remove(at: index)
            visible.insert(it, at: visibleNext)
        }
        visibleNext += 1
        messages.handed += 1
        messages.lastHanded = it.isStray ? -1 : it.socket
        if !it.isStray { handOut(it) }
        let kind = Int(it.completion.token.kind.rawValue) << 33 | (it.completion.more ? 1 << 32 : 0)
        trace(.completion, it.socket, kind | Int(UInt32(bitPattern: it.completion.result)))
        note(
            "  completes \(it.completion.token.kind) of"
                + " \(it.socket): \(it.completion.result)\(it.completion.more ? ", more" : "")")
        return it.completion
    }
}
