internal import CPelmeni
internal import Glibc

// Completed connects: the next address, the next upstream, or two linked legs.
extension Legs where R: ~Copyable {
    mutating func connected(_ leg: LegID, _ result: Int32) {
        assert(legs[leg].writing == .connecting, "a connect completes that was not begun")
        legs[leg].move(writing: .idle)
        let session = legs[leg].session
        guard legs[leg].phase != .closing else { return closeIfIdle(leg) }
        let upstream = Int(legs[leg].dialled.upstream)
        let result = reachesItself(leg, result) ? -ECONNREFUSED : result
        guard result >= 0 || adoptSpokenReset(leg, result) else {
            let dialled = legs[leg].dialled
            removeAttempt(session, leg)
            // In order, a socket that is connected to itself would keep its port for a minute.
            close(leg, reset: true)
            if result == -EAGAIN, isUnix(session, upstream) { return dialAgain(session) }
            noteFailure(session, result)
            noteAddressFailed(session, dialled, error: result)
            // Attempts at other addresses may be in flight; the next one starts at once.
            return dial(session)
        }
        noteAlive(leg)
        noteSlower(leg)
        removeAttempt(session, leg)
        closeAttempts(session)
        calls.setUpConnected(
            legs[leg].socket, isUnix: legs[leg].kind.isUnix)
        link(session, leg)
    }

    /// An upstream may accept, send bytes and reset before the connect completes: the client gets
    /// the bytes, then the reset. True for such a connect. No later call reports that reset again.
    private mutating func adoptSpokenReset(_ leg: LegID, _ result: Int32) -> Bool {
        guard result == -ECONNRESET || result == -EPIPE,
            sessions[legs[leg].session].kind.isOfStreams,
            calls.hasUnread(legs[leg].socket)
        else { return false }
        legs[leg].flags.insert(.broken)
        return true
    }

    /// Whether the kernel connected the socket to itself: the upstream is on this host, no socket
    /// listens on its port, and the kernel chose that very port for the socket (RFC 9293, section
    /// 3.5, simultaneous opens). The client would get its own bytes back.
    private func reachesItself(_ leg: LegID, _ result: Int32) -> Bool {
        guard result >= 0, !legs[leg].kind.isUnix else { return false }
        let pair = pairs.row(sessions[legs[leg].session].pair)
        let upstream = pair.pointee.upstreams + Int(legs[leg].dialled.upstream)
        // The addresses of a name have one port.
        let port = upstream.pointee.address(0).pointee.address.port ?? 0
        return calls.reachesItself(legs[leg].socket, port: port)
    }

    /// Addresses that were dialled earlier than the one that connected, and have not.
    private func noteSlower(_ leg: LegID) {
        var slower = legs[leg].next
        while !slower.isNone {
            noteAddressFailed(legs[leg].session, legs[slower].dialled, error: -ETIMEDOUT)
            slower = legs[slower].next
        }
    }

    private func isUnix(_ session: SessionID, _ upstream: Int) -> Bool {
        let pair = pairs.row(sessions[session].pair)
        return pair.pointee.upstreams[upstream].address(0).pointee.address.family == AF_UNIX
    }

    /// A Unix listener's full backlog means busy, not gone. The kernel reports no room, so the
    /// session dials again at growing intervals until the connect deadline.
    private mutating func dialAgain(_ session: SessionID) {
        let row = sessions.row(session)
        let choice = dialRow(session)
        let waited = now &- choice.pointee.dialledAt
        let rest = min(Limits.busyBackoffMax, max(Limits.busyBackoffMin, waited / 4))
        choice.pointee.retryAt = now &+ rest
        let connect = pairs[row.pointee.pair].deadlines.connect
        wheel.hasten(
            session, to: min(choice.pointee.retryAt, choice.pointee.dialledAt &+ connect))
    }

    func removeAttempt(_ session: SessionID, _ leg: LegID) {
        let row = sessions.row(session)
        if row.pointee.upstream == leg {
            row.pointee.upstream = legs[leg].next
        } else {
            var at = row.pointee.upstream
            while !at.isNone {
                if legs[at].next == leg {
                    legs[at].next = legs[leg].next
                    break
                }
                at = legs[at].next
            }
        }
        legs[leg].next = .none
    }

    mutating func closeAttempts(_ session: SessionID) {
        while !sessions[session].upstream.isNone {
            let leg = sessions[session].upstream
            removeAttempt(session, leg)
            close(leg, reset: false)
        }
    }

    /// Links both legs: bytes may flow.
    mutating func link(_ session: SessionID, _ upstream: LegID) {
        let row = sessions.row(session)
        row.pointee.upstream = upstream
        guard !row.pointee.marks.contains(.probe) else {
            return end(session, .completed, reset: false)
        }
        endChoice(session)
        row.pointee.move(to: .relaying)
        row.pointee.hasCause = false
        row.pointee.activeAt = now
        guard row.pointee.kind == .streams else { return notify(session) }
        let client = row.pointee.client
        legs[client].peer = upstream
        legs[upstream].peer = client
        // The client has most likely sent bytes already; the upstream most likely waits for them.
        arm(client, expectsBytes: true)
        arm(upstream, expectsBytes: false)
        watch(session)
    }

    /// Sets the timers of a linked session.
    mutating func watch(_ session: SessionID) {
        let row = sessions.row(session)
        let pair = pairs.row(row.pointee.pair)
        if pair.pointee.deadlines.idle != 0 {
            wheel.hasten(session, to: now &+ pair.pointee.deadlines.idle)
        }
        if isDraining, !row.pointee.kind.isOfStreams {
            wheel.hasten(session, to: now &+ Limits.drainSilence)
        }
        if pair.pointee.deadlines.firstByte != 0 {
            wheel.hasten(session, to: row.pointee.openedAt &+ pair.pointee.deadlines.firstByte)
        }
        if pair.pointee.lateOptionsAfter != 0, row.pointee.kind != .datagrams {
            wheel.hasten(session, to: row.pointee.openedAt &+ pair.pointee.lateOptionsAfter)
        }
    }
}
