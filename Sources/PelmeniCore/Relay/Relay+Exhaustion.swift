// Blocks ran out, and none is released: one session gives up its blocks. A few slow streams would
// otherwise silence all others of the worker.
extension Relay where R: ~Copyable {
    /// Closes the session that holds stream blocks, in a queue or in an unfinished message, and has
    /// gone longest without progress.
    @inline(never)
    mutating func relieveExhaustion() {
        var oldest = now &- Limits.exhaustionPatience
        let holder = legs.oldestHolder(&oldest)
        let gatherer = oldestGatherer(&oldest, .ofStreams)
        relieve(gatherer.isNone ? holder : gatherer)
    }

    /// Closes the session that holds datagram blocks, in an unfinished message or in its stream's
    /// queue, and has gone longest without progress.
    @inline(never)
    mutating func relieveDatagrams() {
        var oldest = now &- Limits.exhaustionPatience
        relieve(oldestGatherer(&oldest, .of(.datagram), inQueues: true))
    }

    /// A message between two streams finds no block of a class: the session whose message has held
    /// one longest without progress gives it back at once. A queue's blocks come back later, for
    /// messages to come. Whether there is a block now.
    @inline(never)
    mutating func relieveMessage(of session: SessionID, _ blockClass: BlockClass) -> Bool {
        var oldest = now
        let gatherer = oldestGatherer(&oldest, .of(blockClass))
        guard !gatherer.isNone else {
            oldest = now &- Limits.exhaustionPatience
            let holder = oldestGatherer(&oldest, .of(blockClass), inQueues: true)
            if holder != session { relieve(holder) }
            return false
        }
        guard gatherer != session else { return false }
        dropAssembly(FramedID(gatherer, ofClient: true))
        dropAssembly(FramedID(gatherer, ofClient: false))
        relieve(gatherer)
        return pool.freeBlocks(blockClass) > 0
    }

    private mutating func relieve(_ session: SessionID) {
        guard !session.isNone else { return }
        legs.endForItsBlocks(session)
        heedNotices()
    }

    /// The session with a framed stream that holds such a block, and has gone longest without
    /// progress. None, if none is older than `oldest`; else `oldest` becomes that time.
    private func oldestGatherer(
        _ oldest: inout UInt64, _ held: HeldBlocks, inQueues: Bool = false
    ) -> SessionID {
        var victim = SessionID.none
        for session in legs.sessionSlab.used where sessions[session].phase == .relaying {
            let kind = sessions[session].kind
            guard kind.isFramed else { continue }
            let since = min(
                heldSince(FramedID(session, ofClient: true), held, inQueues),
                heldSince(FramedID(session, ofClient: false), held, inQueues))
            guard since < oldest else { continue }
            oldest = since
            victim = session
        }
        return victim
    }

    /// When a framed stream that holds such a block last made progress; `.max` if it holds none.
    private func heldSince(_ stream: FramedID, _ held: HeldBlocks, _ inQueues: Bool) -> UInt64 {
        let number = leg(of: stream)
        // A listener's client has no leg.
        guard !number.isNone, !legs[number].kind.isDatagrams else { return .max }
        let assembly = framed[stream].assembly
        let gathered =
            !assembly.block.isNone && held.contains(pool.blockClass(of: assembly.block))
            ? assembly.goodUntil : .max
        let leg = legs.row(number)
        guard inQueues, !leg.pointee.queue.isEmpty,
            held.contains(
                pool.blockClass(of: pool.piece(leg.pointee.queue.first).pointee.slice.block))
        else { return gathered }
        return min(gathered, leg.pointee.progress.drainedUntil)
    }
}

/// Blocks that ran out.
private enum HeldBlocks {
    /// Small and bulk blocks: streams are received into them.
    case ofStreams
    case of(BlockClass)

    func contains(_ blockClass: BlockClass) -> Bool {
        switch self {
        case .ofStreams: blockClass != .datagram
        case .of(let wanted): blockClass == wanted
        }
    }
}
