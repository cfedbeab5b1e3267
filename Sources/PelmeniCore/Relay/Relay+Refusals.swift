internal import Glibc

// Upstreams that do not take datagrams: what the network, or a Unix socket, says of them.
extension Relay where R: ~Copyable {
    /// Takes the reports out of a socket's error queue, if it has one. True if there were some; the
    /// session may have ended then.
    mutating func takeReports(_ leg: LegID) -> Bool {
        guard hasErrorQueue(leg) else { return false }
        let isRaw = pairs[sessions[legs[leg].session].pair].hooks.upstreamSocket.isRaw
        let reports = legs.calls.takeReports(legs[leg].socket, isRaw: isRaw)
        if reports.tooBig > 0 { drop(.oversize, reports.tooBig) }
        if reports.error != 0 {
            drop(.noUpstream, reports.unreachable)
            upstreamRefused(leg, reports.error, isOfEarlier: false)
        }
        return reports.count > 0
    }

    /// Whether a leg's socket keeps what the network reports, see ``SocketRequest/reportsErrors``.
    func hasErrorQueue(_ leg: LegID) -> Bool {
        guard drivers.areThere, !legs[leg].kind.isListener, !legs[leg].kind.isUnix,
            !legs[leg].session.isNone
        else { return false }
        return pairs[sessions[legs[leg].session].pair].hooks.upstreamSocket.reportsErrors
    }

    /// The upstream refused a datagram. The session ends if another upstream or another address can
    /// take over, or if this one is a Unix socket, which stays bound to its removed file. A lone
    /// UDP address may return, so its session stays, unless its protocol asked for such errors.
    mutating func upstreamRefused(_ leg: LegID, _ error: Int32, isOfEarlier: Bool = true) {
        let session = legs[leg].session
        guard isOpen(session) else { return }
        if isOfEarlier { drop(.noUpstream) }
        let pair = pairs.row(sessions[session].pair)
        let cause = Self.cause(of: error)
        let isReplaceable = noteRefused(leg, cause, error)
        guard !dialsOnDemand(session) else { return loseUpstream(session, cause) }
        if sessions[session].kind == .streamToDatagrams { return endRefused(session, leg, cause) }
        if isReplaceable || pair.pointee.hasOther(than: legs[leg].dialled.upstream)
            || legs[leg].kind.isUnix || hasErrorQueue(leg)
        {
            end(session, cause, reset: false)
        }
    }

    /// An address refused; its upstream has failed once each of its addresses rests. Whether the
    /// upstream's next session takes another address.
    private func noteRefused(_ leg: LegID, _ cause: EndCause, _ error: Int32) -> Bool {
        let session = legs[leg].session
        let pair = sessions[session].pair
        let upstream = pairs[pair].upstreams + Int(legs[leg].dialled.upstream)
        // The name may have moved since: its present addresses are not to blame.
        guard upstream.pointee.isPresent(legs[leg].dialled) else { return true }
        legs.noteAddressFailed(session, legs[leg].dialled, error: error)
        guard !upstream.pointee.hasAwake(now) else { return true }
        legs.noteFailed(pair, legs[leg].dialled.upstream, cause, error: error)
        return upstream.pointee.addressCount > 1
    }

    /// An upstream that nothing reaches did not refuse.
    private static func cause(of error: Int32) -> EndCause {
        switch -error {
        case EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, ENONET, EACCES, EPERM: .noUpstream
        default: .connectRefused
        }
    }
}
