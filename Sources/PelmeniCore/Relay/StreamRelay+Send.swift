internal import Glibc

// Writing: one send in flight for each direction, short sends continued from their remainder.
extension StreamRelay where R: ~Copyable {
    /// Queues a slice to go out on a leg, and sends when nothing is in flight. False when the pool
    /// has no piece left; the caller still holds the lease then.
    @inline(__always)
    mutating func enqueue(_ leg: LegID, _ slice: Slice) -> Bool {
        let row = legs.row(leg)
        if row.pointee.flags.contains(.broken) {
            // Nobody will read it. The other side's end is still awaited, so its bytes are taken.
            pool.release(slice.block)
            return true
        }
        if row.pointee.flags.contains(.sending) {
            let blockClass = pool.blockClass(of: slice.block)
            let isTight = pool.freeBlocks(blockClass) &* 2 < pool.totalBlocks(blockClass)
            let small = isTight ? blockClass.bytes : blockClass.bytes / RelayLimits.copyShare
            if Int(slice.length) <= small, row.pointee.queue.appendCopying(slice, pool: pool) {
                counters.add(.copiedBytes, UInt64(slice.length))
                return true
            }
            return row.pointee.queue.append(slice, pool: pool)
        }
        guard row.pointee.queue.append(slice, pool: pool) else { return false }
        row.pointee.beginProgress(at: now)
        send(leg)
        watchStall(row.pointee.session)
        return true
    }

    @inline(__always)
    mutating func send(_ leg: LegID) {
        let row = legs.row(leg)
        assert(!row.pointee.flags.contains(.sending), "a leg has one send in flight")
        assert(!row.pointee.queue.isEmpty, "a send has bytes")
        row.pointee.flags.insert(.sending)
        ring.send(
            row.pointee.socket, first: row.pointee.queue.first, count: Int(row.pointee.queue.count),
            token: token(leg, .send))
    }

    @inline(__always)
    mutating func sent(_ leg: LegID, _ result: Int32) {
        let row = legs.row(leg)
        assert(row.pointee.flags.contains(.sending), "a send completes that was not begun")
        row.pointee.flags.remove(.sending)
        guard result >= 0 else { return sendFailed(leg, result) }
        row.pointee.queue.remove(Int(result), pool: pool)
        row.pointee.noteProgress(Int(result), at: now)
        if row.pointee.flags.contains(.closing) { return closeIfIdle(leg) }
        sessions[row.pointee.session].activeAt = now
        guard row.pointee.queue.isEmpty else {
            send(leg)
            // A leg that is about to be reset has no peer any more.
            return row.pointee.flags.contains(.resetting) ? () : resumePeer(leg)
        }
        if row.pointee.flags.contains(.resetting) { return resetIfDelivered(leg) }
        let peer = row.pointee.peer
        if legs[peer].flags.contains(.ended) { return settle(peer) }
        if row.pointee.flags.contains(.ended) { settleAnswered(row.pointee.session) }
        resumePeer(leg)
    }

    /// Reads on from the other side once enough of what it sent went out.
    @inline(__always)
    mutating func resumePeer(_ leg: LegID) {
        let peer = legs[leg].peer
        if legs[peer].flags.contains(.paused) { resume(peer) }
    }

    /// Not inlined: few sends have somebody waiting for them, and each one would save registers for
    /// it.
    @inline(never)
    private mutating func resume(_ leg: LegID) { rearm(leg, expectsBytes: true) }

    mutating func sendFailed(_ leg: LegID, _ result: Int32) {
        let row = legs.row(leg)
        if row.pointee.flags.contains(.closing) { return closeIfIdle(leg) }
        if result == -EINTR || result == -EAGAIN { return send(leg) }
        row.pointee.queue.removeAll(pool: pool)
        if row.pointee.flags.contains(.resetting) { return resetIfDelivered(leg) }
        // What it sent before is still to be cut.
        if comesLater(leg, result) { return }
        setCause(
            row.pointee.session, row.pointee.flags.contains(.client) ? .clientReset : .upstreamReset
        )
        guard sessions[row.pointee.session].kind == .streams else {
            return end(
                row.pointee.session, sessions[row.pointee.session].cause, reset: true)
        }
        row.pointee.flags.insert(.broken)
        // What the far side sent before is still to be read; the end of that forwards the reset.
        if row.pointee.flags.contains(.ended) { return streamBroke(leg) }
        let session = row.pointee.session
        sessions[session].resetAt = now &+ RelayLimits.resetWait
        wheel.hasten(session, to: now &+ RelayLimits.resetWait)
        let peer = row.pointee.peer
        if legs[peer].flags.contains(.paused) { rearm(peer, expectsBytes: true) }
    }
}
