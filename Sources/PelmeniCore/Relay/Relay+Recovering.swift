internal import CPelmeni
internal import Glibc

// Datagrams whose send failed: sent again, sent singly, or counted.
extension Relay where R: ~Copyable {
    /// Recovers from a send's error. True when the row is sent again, now or later.
    mutating func recover(_ index: DatagramID, _ result: Int32, count: Int) -> Bool {
        let row = outgoing.row(index)
        let leg = row.pointee.leg
        guard legs[leg].phase != .closing else {
            drop(.noUpstream, count)
            return false
        }
        // The report of an earlier datagram fails the send, which then sends nothing.
        if takeReports(leg) {
            guard legs[leg].phase != .closing else {
                drop(.noUpstream, count)
                return false
            }
            if row.pointee.retries < 8 { return sendAgain(index) }
        }
        switch -result {
        case EINTR where row.pointee.retries < 8:
            return sendAgain(index)
        case EMSGSIZE where row.pointee.segment != 0, EINVAL where row.pointee.segment != 0,
            EIO where row.pointee.segment != 0:
            resendSingly(index)
            return false
        case EMSGSIZE where row.pointee.retries < 4 && !row.pointee.isResponse:
            // The error may be about an earlier datagram; then this one was not sent. Behind a
            // narrow link a router reports each datagram that must not be cut.
            return sendAgain(index)
        case EMSGSIZE:
            drop(.oversize, count)
        case EAGAIN where legs[leg].kind.isFlowControlled:
            row.pointee.awaitsRoom = true
            legs.ring.awaitWritable(
                legs[leg].socket, slot: leg.rawValue,
                token: token(index))
            return true
        case EAGAIN, ENOBUFS, ENOMEM:
            if row.pointee.isResponse, legs[leg].kind.isUnix,
                now &- row.pointee.since < Limits.responsePatience
            {
                return parkResponse(index)
            }
            drop(.queueFull, count)
        default:
            guard row.pointee.isResponse else {
                return recoverFromRefusal(index, result, count: count)
            }
            drop(.noReturnAddress, count)
        }
        return false
    }

    /// A send to an upstream failed. An ICMP error about an earlier datagram fails the next call,
    /// which then sends nothing and is made once more (ip(7)). True when it is.
    private mutating func recoverFromRefusal(
        _ index: DatagramID, _ result: Int32, count: Int
    ) -> Bool {
        let row = outgoing.row(index)
        let leg = row.pointee.leg
        // A Unix socket reports no errors of earlier datagrams, and an error queue has told them.
        let isOfEarlier =
            Self.isFromNetwork(-result) && !legs[leg].kind.isFlowControlled
            && !hasErrorQueue(leg)
        guard row.pointee.refusal != 0 || !isOfEarlier else {
            row.pointee.refusal = result
            upstreamRefused(leg, result)
            guard legs[leg].phase != .closing else {
                drop(.noUpstream, count)
                return false
            }
            return sendAgain(index)
        }
        // A second ECONNREFUSED is about another datagram. A repeated "unreachable" is about this
        // one, which the first error has counted already.
        let isCounted = row.pointee.refusal == result && -result != ECONNREFUSED
        drop(.noUpstream, isCounted ? count &- 1 : count)
        upstreamRefused(leg, result, isOfEarlier: -result == ECONNREFUSED && isOfEarlier)
        return false
    }

    /// Whether an error may be an ICMP message about an earlier datagram (icmp(7)).
    private static func isFromNetwork(_ error: Int32) -> Bool {
        switch error {
        case ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENONET, ENOPROTOOPT, EPROTO,
            EOPNOTSUPP, EACCES:
            true
        default: false
        }
    }

    @discardableResult
    mutating func sendAgain(_ index: DatagramID) -> Bool {
        let row = outgoing.row(index)
        row.pointee.retries &+= 1
        let leg = row.pointee.leg
        legs.ring.sendDatagrams(
            legs[leg].socket, row,
            token: token(index))
        return true
    }

    /// The route takes no train of this size (EMSGSIZE), or the device none at all (EIO, EINVAL):
    /// datagrams of this session are sent singly from now on, beginning with these.
    private mutating func resendSingly(_ index: DatagramID) {
        let train = outgoing.row(index)
        let leg = train.pointee.leg
        if !train.pointee.isResponse {
            legs[leg].flags.insert(.refusesTrains)
        } else if isOf(index) {
            states[train.pointee.session].refusesTrains = true
        }
        let length = Int(train.pointee.length)
        var at = 0
        while at < length {
            let part = min(Int(train.pointee.segment), length &- at)
            sendPart(of: index, at: at, length: part)
            at &+= part
        }
    }

    /// Sends one datagram of a train from the train's row alone: its session may have ended.
    private mutating func sendPart(of index: DatagramID, at: Int, length: Int) {
        let train = outgoing.row(index)
        let leg = train.pointee.leg
        let block = train.pointee.block
        let offset = Int(train.pointee.offset) &+ at
        let part = allocateRow(leg, block, offset: offset, length: length, segment: 0)
        guard !part.isNone else { return }
        let row = outgoing.row(part)
        row.pointee.session = train.pointee.session
        row.pointee.generation = train.pointee.generation
        row.pointee.isResponse = train.pointee.isResponse
        pelmeni_outgoing_part(
            &row.pointee.message, &train.pointee.message, pool.address(block) + offset, length)
        legs.ring.sendDatagrams(
            legs[leg].socket, row, token: token(part)
        )
    }

    /// Whether the row's number still belongs to the session that it was sent for.
    func isOf(_ index: DatagramID) -> Bool {
        let row = outgoing.row(index).pointee
        let session = sessions[row.session]
        return session.phase != .free
            && row.generation == UInt32(truncatingIfNeeded: session.openedAt)
    }
}
