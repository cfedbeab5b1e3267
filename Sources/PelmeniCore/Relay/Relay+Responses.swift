internal import CPelmeni
internal import Glibc

// Answers to Unix clients. Such a socket is reliable and keeps the order (unix(7)), so each client
// gets one after the other; and nothing tells when a full one has room, so they are tried again
// until they are too old.
extension Relay where R: ~Copyable {
    /// Counts an answer of a session. True when it goes now; else it was parked behind those of
    /// its client, or dropped.
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

    /// Parks an answer that found its client's queue full: it is tried again. False when too many
    /// wait.
    mutating func parkResponse(_ index: DatagramID) -> Bool {
        let row = outgoing.row(index)
        if row.pointee.waiting == .none {
            guard !responses.isFull else {
                drop(.queueFull)
                return false
            }
            moveToSmall(index)
            // Before those that came while it was on its way.
            responses.prepend(index, outgoing.rows)
        }
        row.pointee.waiting = .forRoom
        responses.retry(at: now &+ Limits.responseRetry)
        return true
    }

    /// Tries those once more that found no room.
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

    /// Sends an answer that waited, unless its client has still not read its share. Whether it did.
    private mutating func sendWaiting(_ index: DatagramID) -> Bool {
        guard takeShare(index) else { return !parkResponse(index) }
        outgoing.row(index).pointee.waiting = .onItsWay
        return sendAgain(index)
    }

    /// An answer was sent or counted. If it was not waiting behind others, the next one of its
    /// client may go.
    @inline(never)
    mutating func responseEnded(_ index: DatagramID) {
        let row = outgoing.row(index)
        var isLast = false
        // The answer that ended its session has its client's name with it, and so have those before
        // it.
        if isOf(index) {
            states[row.pointee.session].pendingResponses &-= 1
            isLast = states[row.pointee.session].pendingResponses == 0
        }
        guard !responses.isEmpty, row.pointee.waiting != .behind else { return }
        if row.pointee.waiting != .none { responses.remove(index, outgoing.rows) }
        // The queue may be long, and all others'.
        guard !isLast else { return }
        let next = responses.firstBehind(row.pointee, outgoing.rows)
        if !next.isNone { _ = sendWaiting(next) }
    }

    /// One that waits gives its large block back when it can: others want to receive into it.
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
