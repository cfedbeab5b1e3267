// Blocks ran out, and none is released: one session gives up its blocks. A few slow streams would
// otherwise silence all others of the worker.
extension Relay where R: ~Copyable {
    /// Closes the session that holds stream blocks, in a queue or in an unfinished message, and has
    /// gone longest without progress.
    @inline(never)
    mutating func relieveExhaustion() {
        var oldest = now &- Limits.exhaustionPatience
        let holder = legs.oldestHolder(&oldest)
        let gatherer = oldestGatherer(&oldest, ofDatagrams: false)
        relieve(gatherer.isNone ? holder : gatherer)
    }

    /// Closes the session that holds datagram blocks, in an unfinished message or in its stream's
    /// queue, and has gone longest without progress.
    @inline(never)
    mutating func relieveDatagrams() {
        var oldest = now &- Limits.exhaustionPatience
        relieve(oldestGatherer(&oldest, ofDatagrams: true))
    }

    private mutating func relieve(_ session: SessionID) {
        guard !session.isNone else { return }
        legs.endForItsBlocks(session)
        heedNotices()
    }

    /// The session with a framed stream that holds such a block, and has gone longest without
    /// progress. None, if none is older than `oldest`; else `oldest` becomes that time.
    private func oldestGatherer(_ oldest: inout UInt64, ofDatagrams: Bool) -> SessionID {
        var victim = SessionID.none
        for session in legs.sessionSlab.used where sessions[session].phase == .relaying {
            let kind = sessions[session].kind
            guard kind != .streams, kind != .datagrams else { continue }
            let held = min(
                heldSince(FramedID(session, ofClient: true), ofDatagrams),
                heldSince(FramedID(session, ofClient: false), ofDatagrams))
            guard held < oldest else { continue }
            oldest = held
            victim = session
        }
        return victim
    }

    /// When a framed stream that holds such a block last made progress; `.max` if it holds none.
    private func heldSince(_ stream: FramedID, _ ofDatagrams: Bool) -> UInt64 {
        let number = leg(of: stream)
        // A listener's client has no leg.
        guard !number.isNone, !legs[number].kind.isDatagrams else { return .max }
        let assembly = framed[stream].assembly
        let gathered =
            !assembly.block.isNone && isOfDatagrams(assembly.block) == ofDatagrams
            ? assembly.goodUntil : .max
        let leg = legs.row(number)
        guard ofDatagrams, !leg.pointee.queue.isEmpty,
            isOfDatagrams(pool.piece(leg.pointee.queue.first).pointee.slice.block)
        else { return gathered }
        return min(gathered, leg.pointee.progress.drainedUntil)
    }

    private func isOfDatagrams(_ block: BlockID) -> Bool {
        pool.blockClass(of: block) == .datagram
    }
}
