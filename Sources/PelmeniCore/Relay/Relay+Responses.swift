internal import CPelmeni
internal import Glibc

// Responses to Unix clients. A Unix datagram socket is reliable and keeps the order (unix(7)), so
// each client gets one response after the other. No event reports room in a full socket, so its
// responses are retried until they are too old.
extension Relay where R: ~Copyable {
    /// Counts a session's response. True when it may be sent now; else it was parked behind its
    /// client's earlier responses, or dropped.
    mutating func admitResponse(_ index: DatagramID) -> Bool {
        let state = states.row(outgoing.row(index).pointee.session)
        state.pointee.pendingResponses &+= 1
        guard state.pointee.pendingResponses > 1 else { return true }
        outgoing.row(index).pointee.waiting = .behind
        guard responses.admits(pending: state.pointee.pendingResponses) else {
            drop(.queueFull)
            releaseRow(index)
            return false
        }
        moveToSmall(index)
        responses.append(index, outgoing.rows)
        return false
    }

    /// Parks a response whose client's queue is full, for a retry. False when too many wait.
    mutating func parkResponse(_ index: DatagramID) -> Bool {
        let row = outgoing.row(index)
        if row.pointee.waiting == .none {
            guard !responses.isFull else {
                drop(.queueFull)
                return false
            }
            moveToSmall(index)
            // Before the responses that came while this one was in flight.
            responses.prepend(index, outgoing.rows)
        }
        row.pointee.waiting = .forRoom
        responses.retry(at: now &+ Limits.responseRetry)
        return true
    }

    /// Retries the responses that found no room.
    mutating func retryResponses() {
        var index = responses.beginRetry()
        while !index.isNone {
            let row = outgoing.row(index)
            let next = row.pointee.next
            if row.pointee.waiting == .forRoom, !sendWaiting(index),
                now &- row.pointee.since >= Limits.responsePatience
            {
                drop(.queueFull)
                releaseRow(index)
            }
            index = next
        }
    }

    /// Sends a parked response, unless its client's share is still unread. True if sent.
    private mutating func sendWaiting(_ index: DatagramID) -> Bool {
        guard reserveShare(index) else { return !parkResponse(index) }
        outgoing.row(index).pointee.waiting = .onItsWay
        return sendAgain(index)
    }

    /// A response was sent or counted. Unless it waited behind others, its client's next may go.
    @inline(never)
    mutating func responseEnded(_ index: DatagramID) {
        let row = outgoing.row(index)
        var isLast = false
        // A response that outlives its session still has its client's name in its row.
        if isOf(index) {
            states[row.pointee.session].pendingResponses &-= 1
            isLast = states[row.pointee.session].pendingResponses == 0
        }
        guard !responses.isEmpty, row.pointee.waiting != .behind else { return }
        if row.pointee.waiting != .none { responses.remove(index, outgoing.rows) }
        // The queue may be long, with other clients' responses.
        guard !isLast else { return }
        let next = responses.firstBehind(row.pointee, outgoing.rows)
        if !next.isNone { _ = sendWaiting(next) }
    }

    /// Moves a parked response to a small block if it fits: the large one is needed for receives.
    private mutating func moveToSmall(_ index: DatagramID) {
        let row = outgoing.row(index)
        let block = row.pointee.block
        guard pool.blockClass(of: block) == .datagram,
            Int(row.pointee.length) <= BlockClass.small.bytes
        else { return }
        let small = pool.take(.small)
        guard !small.isNone else { return }
        memcpy(
            pool.address(small), pool.address(block) + Int(row.pointee.offset),
            Int(row.pointee.length))
        pool.release(block)
        row.pointee.block = small
        row.pointee.offset = 0
        row.pointee.message.piece.iov_base = pool.address(small)
    }
}
