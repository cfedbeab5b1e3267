internal import Glibc

// Writing: one send in flight per direction; a short send continues with its remainder.
extension Legs where R: ~Copyable {
    /// Queues a slice on a leg, and sends it when no send is in flight. False when the pool has no
    /// piece left: the caller keeps the lease.
    @inline(__always)
    mutating func enqueue(_ leg: LegID, _ slice: Slice) -> Bool {
        let row = legs.row(leg)
        if row.pointee.flags.contains(.broken) {
            // The slice has no reader, but is taken: the other side's end is still awaited.
            pool.release(slice.block)
            return true
        }
        if row.pointee.writing == .sending {
            let blockClass = pool.blockClass(of: slice.block)
            let isTight = pool.freeBlocks(blockClass) &* 2 < pool.totalBlocks(blockClass)
            let small = isTight ? blockClass.bytes : blockClass.bytes / Limits.copyShare
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
    mutating func sent(_ leg: LegID, _ result: Int32) -> Outcome {
        let row = legs.row(leg)
        row.pointee.move(writing: .idle)
        guard result >= 0 else { return sendFailed(leg, result) }
        row.pointee.queue.remove(Int(result), pool: pool)
        row.pointee.progress.note(Int(result), at: now)
        if row.pointee.phase == .closing {
            closeIfIdle(leg)
            return .moved
        }
        sessions[row.pointee.session].activeAt = now
        guard row.pointee.queue.isEmpty else {
            send(leg)
            // A leg that is about to be reset has no peer any more.
            return row.pointee.phase == .resetting ? .handled : resumePeer(leg)
        }
        if row.pointee.phase == .resetting {
            resetIfDelivered(leg)
            return .moved
        }
        let peer = row.pointee.peer
        if legs[peer].reading == .ended {
            guard forwardsEnds(leg), forwardsEnds(peer) else { return .drained }
            forwardEndIfDrained(peer)
            return .moved
        }
        if row.pointee.inbound.isDiverted && row.pointee.hasEnded || row.pointee.isAwaited {
            return .drained
        }
        return resumePeer(leg)
    }

    /// Resumes the peer's reading once this leg's queue has room.
    @inline(__always)
    mutating func resumePeer(_ leg: LegID) -> Outcome {
        let peer = legs[leg].peer
        return legs[peer].reading == .paused ? resume(peer) : .handled
    }

    /// Not inlined: few sends resume a peer, and inlined each send would save registers for it.
    @inline(never)
    private mutating func resume(_ leg: LegID) -> Outcome {
        guard legs[leg].inbound != .discarded else { return .handled }
        guard !legs[leg].inbound.isDiverted else { return .resumed }
        rearm(leg, expectsBytes: true)
        return .handled
    }

    mutating func sendFailed(_ leg: LegID, _ result: Int32) -> Outcome {
        let row = legs.row(leg)
        if row.pointee.phase == .closing {
            closeIfIdle(leg)
            return .moved
        }
        if result == -EINTR || result == -EAGAIN {
            send(leg)
            return .handled
        }
        row.pointee.queue.removeAll(pool: pool)
        if row.pointee.phase == .resetting {
            resetIfDelivered(leg)
            return .moved
        }
        if row.pointee.inbound.isDiverted || isCounted(leg) { return .sendBroke }
        writeBroke(leg)
        let peer = row.pointee.peer
        if row.pointee.phase == .open, legs[peer].reading == .paused {
            rearm(peer, expectsBytes: true)
        }
        return .handled
    }

    /// The far side takes no more. Its earlier bytes are still read; their end forwards the reset.
    mutating func writeBroke(_ leg: LegID) {
        let session = legs[leg].session
        setCause(session, legs[leg].kind.isClient ? .clientReset : .upstreamReset)
        legs[leg].flags.insert(.broken)
        if legs[leg].hasEnded { return streamBroke(leg) }
        sessions[session].resetAt = now &+ Limits.resetWait
        wheel.hasten(session, to: now &+ Limits.resetWait)
    }
}
