internal import Glibc

// Writing: one send in flight for each direction, short sends continued from their remainder.
extension StreamRelay where R: ~Copyable {
    /// Queues a slice to go out on a leg, and sends when nothing is in flight. False when the pool
    /// has no piece left; the caller still holds the lease then.
    @inline(__always)
    mutating func enqueue(_ leg: LegID, _ slice: Slice) -> Bool {
        let row = legs.row(leg)
        if row.pointee.marks.contains(.broken) {
            // Nobody will read it. The other side's end is still awaited, so its bytes are taken.
            pool.release(slice.block)
            return true
        }
        if row.pointee.writing == .sending {
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
        row.pointee.progress.begin(at: now)
        send(leg)
        watchStall(row.pointee.session)
        return true
    }

    @inline(__always)
    mutating func send(_ leg: LegID) {
        let row = legs.row(leg)
        assert(!row.pointee.queue.isEmpty, "a send has bytes")
        row.pointee.move(writing: .sending)
        ring.send(
            row.pointee.socket, first: row.pointee.queue.first, count: Int(row.pointee.queue.count),
            token: token(leg, .send))
    }

    @inline(__always)
    mutating func sent(_ leg: LegID, _ result: Int32) {
        let row = legs.row(leg)
        row.pointee.move(writing: .idle)
        guard result >= 0 else { return sendFailed(leg, result) }
        row.pointee.queue.remove(Int(result), pool: pool)
        row.pointee.progress.note(Int(result), at: now)
        if row.pointee.phase == .closing { return closeIfIdle(leg) }
        sessions[row.pointee.session].activeAt = now
        guard row.pointee.queue.isEmpty else {
            send(leg)
            // A leg that is about to be reset has no peer any more.
            return row.pointee.phase == .resetting ? () : resumePeer(leg)
        }
        if row.pointee.phase == .resetting { return resetIfDelivered(leg) }
        let peer = row.pointee.peer
        if legs[peer].reading == .ended { return settle(peer) }
        if row.pointee.inbound.isFramed, row.pointee.hasEnded { return settleMessages(leg) }
        resumePeer(leg)
    }

    /// Reads on from the other side once enough of what it sent went out.
    @inline(__always)
    mutating func resumePeer(_ leg: LegID) {
        let peer = legs[leg].peer
        if legs[peer].reading == .paused { resume(peer) }
    }

    /// Not inlined: few sends have somebody waiting for them, and each one would save registers for
    /// it.
    @inline(never)
    private mutating func resume(_ leg: LegID) {
        guard legs[leg].inbound != .discarded else { return }
        rearm(leg, expectsBytes: true)
    }

    mutating func sendFailed(_ leg: LegID, _ result: Int32) {
        let row = legs.row(leg)
        if row.pointee.phase == .closing { return closeIfIdle(leg) }
        if result == -EINTR || result == -EAGAIN { return send(leg) }
        row.pointee.queue.removeAll(pool: pool)
        if row.pointee.phase == .resetting { return resetIfDelivered(leg) }
        // What it sent before is still to be cut.
        if comesLater(leg, result) { return }
        setCause(
            row.pointee.session, row.pointee.kind.isClient ? .clientReset : .upstreamReset
        )
        guard sessions[row.pointee.session].kind == .streams else {
            return end(
                row.pointee.session, sessions[row.pointee.session].cause, reset: true)
        }
        row.pointee.marks.insert(.broken)
        // What the far side sent before is still to be read; the end of that forwards the reset.
        if row.pointee.hasEnded { return streamBroke(leg) }
        let session = row.pointee.session
        sessions[session].resetAt = now &+ RelayLimits.resetWait
        wheel.hasten(session, to: now &+ RelayLimits.resetWait)
        let peer = row.pointee.peer
        if legs[peer].reading == .paused { rearm(peer, expectsBytes: true) }
    }
}
