/// Legs that wait for a block or for their quantum, and which is read next.
///
/// Interactive legs queue apart from bulk legs and go first; behind a thousand bulk legs a small
/// message took up to 450 ms. Under contention bulk legs are served round-robin, one block each,
/// with a budget of bytes per loop that a small message can wait for (decision 0012).
struct ReadScheduler {
    private var interactive = LegQueue()
    private var bulk = LegQueue()
    /// Spliced legs need no block: they wait for the next loop.
    private var spliced = LegQueue()
    private var datagrams = LegQueue()
    /// Until when bulk legs are served round-robin: blocks ran out, or a burst of sessions came in.
    private var contendedUntil: UInt64 = 0
    /// Legs were fed in this loop: the next feeding need not wait for a completion.
    private(set) var feedsAgain = false
    private var exhaustionCheckedAt: UInt64 = 0
    /// Apart from the streams' check, which comes first in every loop.
    private var datagramsCheckedAt: UInt64 = 0

    /// Blocks and bytes for bulk legs in one loop.
    struct Quantum {
        var small: Int
        var bulk: Int
        var bytes: Int
    }

    // MARK: What waits

    @inline(__always)
    var isEmpty: Bool { !needsBlocks && spliced.isEmpty && datagrams.isEmpty }
    @inline(__always)
    var hasStreams: Bool { needsBlocks || !spliced.isEmpty }
    @inline(__always)
    var hasDatagrams: Bool { !datagrams.isEmpty }
    @inline(__always)
    var needsBlocks: Bool { !interactive.isEmpty || !bulk.isEmpty }

    // MARK: Contention

    /// Whether many legs lately found no block: bulk legs are then round-robin, behind all others.
    @inline(__always)
    func isContended(_ now: UInt64) -> Bool { now < contendedUntil }

    mutating func noteContention(_ now: UInt64) { contendedUntil = now &+ Limits.contentionTime }

    @inline(__always)
    func mustWait(_ leg: LegRow, _ now: UInt64) -> Bool { isContended(now) && leg.isBulk }

    // MARK: In and out

    mutating func append(_ leg: LegID, _ legs: LegTable, _ now: UInt64) {
        assert(legs[leg].phase == .open, "a leg stands in one list")
        legs[leg].move(reading: .starved)
        guard legs[leg].isBulk else { return interactive.append(leg, legs) }
        if legs[leg].inbound == .spliced {
            spliced.append(leg, legs)
        } else {
            bulk.append(leg, legs)
        }
        if bulk.count &+ spliced.count >= Limits.contentionThreshold { noteContention(now) }
    }

    mutating func appendDatagrams(_ leg: LegID, _ legs: LegTable) {
        legs[leg].move(reading: .starved)
        datagrams.append(leg, legs)
    }

    /// Takes a leg out of its queue.
    mutating func remove(_ leg: LegID, _ legs: LegTable) {
        let wasThere =
            interactive.remove(leg, legs) || bulk.remove(leg, legs) || spliced.remove(leg, legs)
            || datagrams.remove(leg, legs)
        assert(wasThere, "a starved leg stands in a queue")
        legs[leg].move(reading: .idle)
    }

    // MARK: A loop

    /// A new loop begins.
    @inline(__always)
    mutating func renew() { feedsAgain = false }

    mutating func nextSpliced(_ legs: LegTable) -> LegID { feed(spliced.popFirst(legs), legs) }

    mutating func nextInteractive(_ legs: LegTable) -> LegID {
        feed(interactive.popFirst(legs), legs)
    }

    mutating func nextDatagrams(_ legs: LegTable) -> LegID {
        let leg = datagrams.popFirst(legs)
        if !leg.isNone { legs[leg].move(reading: .idle) }
        return leg
    }

    /// The blocks for bulk legs in this loop.
    ///
    /// - Parameters:
    ///   - small: small blocks that a receive can get.
    ///   - bulk: bulk blocks that a receive can get.
    func quantum(small: Int, bulk: Int, _ now: UInt64) -> Quantum {
        // Under contention a quarter of the small blocks is left for interactive legs, before they
        // starve.
        isContended(now)
            ? Quantum(small: small &- small / 4, bulk: bulk, bytes: Limits.contendedQuantum)
            : Quantum(small: small, bulk: bulk, bytes: .max)
    }

    /// The next bulk leg that the quantum has a block for, or none.
    ///
    /// - Parameter isBulkGone: the pool itself has no bulk block; else only the posted ones are
    ///   used up, and bulk continues in the next loop.
    mutating func nextBulk(_ quantum: inout Quantum, _ legs: LegTable, isBulkGone: Bool) -> LegID {
        guard quantum.bytes > 0, !bulk.isEmpty else { return .none }
        let row = legs.row(bulk.first)
        if row.pointee.blockClass == .bulk, quantum.bulk == 0 {
            guard isBulkGone else { return .none }
            row.pointee.fallToSmall()
        }
        if row.pointee.blockClass == .bulk {
            quantum.bulk &-= 1
        } else {
            guard quantum.small > 0 else { return .none }
            quantum.small &-= 1
        }
        quantum.bytes &-= row.pointee.blockClass.bytes
        return feed(bulk.popFirst(legs), legs)
    }

    private mutating func feed(_ leg: LegID, _ legs: LegTable) -> LegID {
        guard !leg.isNone else { return leg }
        legs[leg].move(reading: .idle)
        feedsAgain = true
        return leg
    }

    // MARK: Exhaustion

    /// Whether to search for a leg to close: legs wait, and no block was released.
    mutating func checksExhaustion(_ now: UInt64) -> Bool {
        guard needsBlocks, now &- exhaustionCheckedAt >= Limits.exhaustionCheck
        else { return false }
        exhaustionCheckedAt = now
        return true
    }

    /// The same for datagram blocks.
    mutating func checksDatagrams(_ now: UInt64) -> Bool {
        guard hasDatagrams, now &- datagramsCheckedAt >= Limits.exhaustionCheck
        else { return false }
        datagramsCheckedAt = now
        return true
    }
}
