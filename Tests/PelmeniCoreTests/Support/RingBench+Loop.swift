import CPelmeni
import Glibc

@testable import PelmeniCore

// The loop of a bench: completions are recorded by slot, and ended operations armed again.
extension RingBench {
    /// One loop: records completions by slot.
    ///
    /// - Parameter each: called after each completion with its slot, within the batch.
    func turn(
        wait milliseconds: UInt64 = 0, each: (RingSlot) throws -> Void = { _ in }
    ) throws {
        let error = ring.submit(until: ring.calls.now() + milliseconds * 1_000_000)
        guard error == 0 else { throw SystemError(code: error) }
        while let completion = ring.next() {
            if let slot = try take(completion) { try each(slot) }
        }
        ring.refill()
    }

    /// The number of enters during a fifth of a second.
    func entersWhileItWaits() throws -> UInt64 {
        let before = enters
        let end = ring.calls.now() + 200_000_000
        while ring.calls.now() < end { try turn(wait: (end - ring.calls.now()) / 1_000_000 + 1) }
        return enters - before
    }

    /// Runs loops until `isDone`, for a bounded time. False after that time.
    func run(_ isDone: () -> Bool) throws -> Bool {
        let end = ring.calls.now() + 10_000_000_000
        var askAt = ring.calls.now() + Self.silence
        while !isDone() {
            guard ring.calls.now() < end else { return false }
            var isSilent = true
            try turn(wait: 20) { _ in isSilent = false }
            if !isSilent { askAt = ring.calls.now() + Self.silence }
            guard ring.calls.now() >= askAt else { continue }
            askWhetherOver()
            askAt = .max
        }
        return true
    }

    private static let silence: UInt64 = 300_000_000

    /// Polls silent streams for missed ends, like a relay, where a ring needs that.
    private func askWhetherOver() {
        for (slot, row) in rows where ring.mayMissEnds && !row.received.isEmpty {
            guard isInFlight(slot, .receive), !row.isClosing, ring.calls.isOver(slot.socket) else {
                continue
            }
            ring.cancel(slot.token(.receive))
        }
    }

    private func take(_ completion: Completion) throws -> RingSlot? {
        defer { if !completion.block.isNone { pool.release(completion.block) } }
        let index = completion.token.index
        if completion.token.kind == .sendDatagrams {
            guard let slot = departures.removeValue(forKey: DatagramID(index)) else { return nil }
            pool.release(outgoing.row(DatagramID(index)).pointee.block)
            outgoing.giveBack(DatagramID(index))
            rows[slot]?.departed.append(completion.result)
            if completion.result < 0 { takeReports(slot) }
            return slot
        }
        guard let slot = owners[index], slot.generation == completion.token.generation else {
            return nil
        }
        if !completion.more { rows[slot]?.inFlight.remove(completion.token.kind) }
        switch completion.token.kind {
        case .accept: accepted(slot, completion)
        case .receive: received(slot, completion)
        case .receiveDatagrams: datagramsReceived(slot, completion)
        case .send: sent(slot, completion.result)
        case .awaitWritable: rows[slot]?.rooms += completion.result < 0 ? 0 : 1
        default: break
        }
        try closeIfIdle(slot)
        return slot
    }

    private func accepted(_ slot: RingSlot, _ completion: Completion) {
        if completion.result >= 0 { rows[slot]?.accepted.append(completion.result) }
        guard let row = rows[slot], !completion.more, !row.isClosing, !row.isPaused else { return }
        beginAccepting(slot)
    }

    private func received(_ slot: RingSlot, _ completion: Completion) {
        let result = completion.result
        if result > 0 {
            rows[slot]?.received += bytes(completion.block, at: 0, count: Int(result))
            if completion.flags.contains(.descriptors) { rows[slot]?.withDescriptors += 1 }
        }
        guard !completion.more, rows[slot]?.isClosing == false else { return }
        switch result {
        case 1..., -ENOBUFS, -EINTR, -EAGAIN, -ECANCELED:
            receive(slot, expectsBytes: completion.flags.contains(.nonEmpty))
        default: rows[slot]?.ending = -result
        }
    }

    private func datagramsReceived(_ slot: RingSlot, _ completion: Completion) {
        if !completion.block.isNone, completion.result >= 0 {
            rows[slot]?.datagrams.append(
                bytes(
                    completion.block, at: Int(PELMENI_DATAGRAM_PAYLOAD),
                    count: Int(completion.result)))
        } else if completion.result < 0, completion.result != -ECANCELED {
            rows[slot]?.datagramErrors.append(-completion.result)
            takeReports(slot)
        }
        guard !completion.more, rows[slot]?.isClosing == false, let kind = kinds[slot] else {
            return
        }
        receiveDatagrams(slot, isUnix: kind.isUnix, isListener: kind.isListener)
    }

    private func takeReports(_ slot: RingSlot) {
        guard self[slot].hasErrorQueue else { return }
        rows[slot]?.reports.append(ring.calls.takeReports(slot.socket, isRaw: false))
    }

    private func sent(_ slot: RingSlot, _ result: Int32) {
        guard result >= 0 else {
            rows[slot]?.sendError = -result
            return
        }
        rows[slot]?.sent += Int(result)
        rows[slot]?.queue.remove(Int(result), pool: pool)
        if rows[slot]?.isClosing == false { sendOn(slot) }
    }

    private func bytes(_ block: BlockID, at offset: Int, count: Int) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: pool.address(block) + offset, count: count))
    }
}
