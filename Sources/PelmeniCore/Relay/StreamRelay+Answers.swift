internal import CPelmeni
internal import Glibc

// Answers to Unix clients. Such a socket is reliable and keeps the order (unix(7)), so each client
// gets one after the other; and nothing tells when a full one has room, so they are tried again
// until they are too old.
extension StreamRelay where R: ~Copyable {
    /// How many answers may wait: each may hold a small block, and streams want those too.
    private var waitingMost: Int {
        let share = pool.totalBlocks(.small) / RelayLimits.waitingAnswersShare
        return max(RelayLimits.waitingAnswersMin, min(RelayLimits.waitingAnswersMax, share))
    }

    /// Whether one more answer of a session may wait. Half of the room that is left, and no more,
    /// is one client's: a client that does not read gets a third of it all, and others always find
    /// some.
    private func mayWait(_ pending: UInt32) -> Bool {
        Int(pending) <= (waitingMost &- waitingCount) / 2 &+ 1
    }

    /// Counts an answer of a session. True when it goes now; else it was parked behind those of
    /// its client, or dropped.
    mutating func admitAnswer(_ index: DatagramID) -> Bool {
        let state = states.row(outgoing.row(index).pointee.session)
        state.pointee.pendingAnswers &+= 1
        guard state.pointee.pendingAnswers > 1 else { return true }
        outgoing.row(index).pointee.waiting = .behind
        guard waitingCount < waitingMost, mayWait(state.pointee.pendingAnswers) else {
            drop(.queueFull)
            unload(index)
            return false
        }
        moveToSmall(index)
        outgoing.row(index).pointee.next = .none
        if waitingFirst.isNone {
            waitingFirst = index
        } else {
            outgoing.row(waitingLast).pointee.next = index
        }
        waitingLast = index
        waitingCount &+= 1
        return false
    }

    /// Parks an answer that found its client's queue full: it is tried again. False when too many
    /// wait.
    mutating func parkAnswer(_ index: DatagramID) -> Bool {
        let row = outgoing.row(index)
        if row.pointee.waiting == .none {
            guard waitingCount < waitingMost else {
                drop(.queueFull)
                return false
            }
            moveToSmall(index)
            // Before those that came while it was on its way.
            row.pointee.next = waitingFirst
            if waitingFirst.isNone { waitingLast = index }
            waitingFirst = index
            waitingCount &+= 1
        }
        row.pointee.waiting = .forRoom
        retryAt = min(retryAt, now &+ RelayLimits.answerRetry)
        return true
    }

    /// Tries those once more that found no room.
    mutating func retryAnswers() {
        retryAt = .max
        var index = waitingFirst
        while !index.isNone {
            let row = outgoing.row(index)
            let next = row.pointee.next
            if row.pointee.waiting == .forRoom, !sendWaiting(index),
                now &- row.pointee.since >= RelayLimits.answerPatience
            {
                drop(.queueFull)
                unload(index)
            }
            index = next
        }
    }

    /// Sends an answer that waited, unless its client has still not read its share. Whether it did.
    private mutating func sendWaiting(_ index: DatagramID) -> Bool {
        guard takeShare(index) else { return !parkAnswer(index) }
        outgoing.row(index).pointee.waiting = .onItsWay
        return sendAgain(index)
    }

    /// An answer was sent or counted. If it was not waiting behind others, the next one of its
    /// client may go.
    @inline(never)
    mutating func answerIsOver(_ index: DatagramID) {
        let row = outgoing.row(index)
        var isLast = false
        // The answer that ended its session has its client's name with it, and so have those before
        // it.
        if isOf(index) {
            states[row.pointee.session].pendingAnswers &-= 1
            isLast = states[row.pointee.session].pendingAnswers == 0
        }
        guard waitingCount > 0, row.pointee.waiting != .behind else { return }
        if row.pointee.waiting != .none { unlink(index) }
        // The list may be long, and all others'.
        guard !isLast else { return }
        var next = waitingFirst
        while !next.isNone {
            let it = outgoing.row(next)
            if it.pointee.waiting == .behind, isOfOneClient(next, index) {
                _ = sendWaiting(next)
                return
            }
            next = it.pointee.next
        }
    }

    private mutating func unlink(_ index: DatagramID) {
        let next = outgoing.row(index).pointee.next
        waitingCount &-= 1
        guard waitingFirst != index else {
            waitingFirst = next
            if next.isNone { waitingLast = .none }
            return
        }
        var before = waitingFirst
        while outgoing.row(before).pointee.next != index {
            before = outgoing.row(before).pointee.next
        }
        outgoing.row(before).pointee.next = next
        if waitingLast == index { waitingLast = before }
    }

    private func isOfOneClient(_ left: DatagramID, _ right: DatagramID) -> Bool {
        let (left, right) = (outgoing.row(left), outgoing.row(right))
        return left.pointee.session == right.pointee.session
            && left.pointee.generation == right.pointee.generation
            && left.pointee.leg == right.pointee.leg
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
