// Probes: sessions without a client, which dial the upstreams of a pair whose listener refuses.
extension Legs where R: ~Copyable {
    /// Dials the pair's upstreams as a client's session would, and closes the first connection.
    /// Their backoffs tell how it went. None when the table of sessions is full.
    ///
    /// A probe counts for no limit, and in no statistic but that of connects.
    mutating func beginProbe(_ pair: PairID) -> SessionID {
        assert(!isDraining, "a drained worker needs no upstream")
        let session = allocateSession()
        guard !session.isNone else { return session }
        let row = sessions.row(session)
        row.pointee.pair = pair
        row.pointee.marks.insert(.probe)
        // In place of the client's leg.
        row.pointee.legs = 1
        row.pointee.openedAt = now
        row.pointee.move(to: .connecting)
        probesOpen &+= 1
        assign(session, upstream: -1)
        dial(session)
        return session
    }

    /// Whether this is a probe that has not ended.
    func isProbe(_ session: SessionID) -> Bool {
        !session.isNone && sessions[session].phase != .free
            && sessions[session].marks.contains(.probe)
    }

    mutating func probeTimerFired(_ session: SessionID) {
        if sessions[session].phase == .connecting { connectingTimerFired(session) }
    }

    /// A probe's last leg is closed.
    mutating func freeProbe(_ session: SessionID) {
        assert(probesOpen > 0, "more probes end than began")
        probesOpen &-= 1
        free(session)
    }

    /// No client will be let in any more.
    mutating func endProbes() {
        guard probesOpen > 0 else { return }
        for session in sessionSlab.used where isProbe(session) {
            end(session, .drainCut, reset: true)
        }
    }
}
