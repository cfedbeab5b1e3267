internal import Glibc

// Counted links: a driven stream gives its peer a number of bytes without its driver, through
// blocks or a pipe as a linked one. Then it is driven again.
extension Legs where R: ~Copyable {
    @inline(__always)
    func isCounted(_ leg: LegID) -> Bool { links.left(leg) != 0 }

    /// Where a leg's bytes go when no pipe takes them.
    @inline(__always)
    func unspliced(_ leg: LegID) -> LegRow.Inbound {
        guard sessions[legs[leg].session].kind == .drivenStreams else { return .linked }
        return isCounted(leg) ? .counted : .driven
    }

    /// Begins a link. The caller reads on.
    ///
    /// - Parameter bytes: not 0; `.max` is until the stream's end.
    mutating func beginLink(_ leg: LegID, bytes: UInt64) {
        assert(legs[leg].inbound == .driven, "a leg has one link at a time")
        assert(bytes > 0, "a link without bytes is done")
        links.setLeft(leg, bytes)
        legs[leg].inbound = .counted
        guard bytes >= Limits.splicedLinkMin, canSplice(leg) else { return }
        legs[leg].blockClass = .bulk
        legs[leg].classVotes = 0
        // A multishot receive would go on into blocks: its cancellation reads on with the pipe.
        if ring.isMultishot { cancelReceive(leg) }
    }

    /// The leg is driven from now on. A wait for readability is cancelled under the kind of
    /// operation that it is.
    mutating func endLink(_ leg: LegID) {
        links.setLeft(leg, 0)
        if legs[leg].inbound == .spliced { cancelReceive(leg) }
        if legs[leg].inbound == .spliced || legs[leg].inbound == .counted { drive(leg) }
    }

    /// The leg is its driver's again. What comes next is most likely short: a head, and behind a
    /// long link, no more of the bytes behind it than a small block holds, so that the next long
    /// link splices them.
    private func drive(_ leg: LegID) {
        legs[leg].inbound = .driven
        guard legs[leg].blockClass == .bulk else { return }
        legs[leg].fallToSmall()
        legs[leg].flags.insert(.readsBlock)
    }

    /// Gives received bytes of a counted leg to its peer, as many as the link has left. How many;
    /// the caller keeps the lease. Nil when no piece is left: the session ended.
    mutating func passCounted(_ leg: LegID, _ block: BlockID, _ count: Int) -> Int? {
        let row = legs.row(leg)
        let passed = Int(min(UInt64(truncatingIfNeeded: count), links.left(leg)))
        let slice = Slice(block: block, offset: 0, length: UInt32(truncatingIfNeeded: passed))
        pool.lease(block)
        guard enqueue(row.pointee.peer, slice) else {
            pool.release(block)
            end(row.pointee.session, .pool, reset: true)
            return nil
        }
        noteCounted(leg, passed)
        return passed
    }

    /// Bytes of a link are with the peer. Behind the last one the leg is driven.
    mutating func noteCounted(_ leg: LegID, _ bytes: Int) {
        takeCounted(leg, bytes)
        if !isCounted(leg) { endLink(leg) }
    }

    /// Bytes of a link, if the leg has one, went to the peer or to its pipe.
    @inline(__always)
    func takeCounted(_ leg: LegID, _ bytes: Int) {
        guard isCounted(leg) else { return }
        let row = legs.row(leg)
        links.give(
            row.pointee.session, UInt64(truncatingIfNeeded: bytes),
            isOfClient: row.pointee.kind.isClient)
        links.take(leg, bytes)
    }

    // MARK: Splicing

    /// Bytes that one splice may move.
    @inline(__always)
    func spliceMost(_ leg: LegID) -> Int {
        let left = links.left(leg)
        guard left != 0 else { return pipes.quantum }
        return Int(min(UInt64(truncatingIfNeeded: pipes.quantum), left))
    }

    /// Whether a splice has moved the last bytes of a link.
    @inline(__always)
    func isLinkDone(_ leg: LegID) -> Bool {
        sessions[legs[leg].session].kind == .drivenStreams && !isCounted(leg)
    }

    /// A splice has moved the last bytes of a link; the driver reads on.
    mutating func finishLink(_ leg: LegID) {
        drive(leg)
        notify(legs[leg].session)
    }

    /// A splice found the end or the error of a counted stream: a receive tells its driver, behind
    /// the bytes. True if there was one.
    mutating func handleCountedEnd(_ leg: LegID, _ result: SpliceResult) -> Bool {
        let isBroken = result.receiveError != 0 && result.receiveError != -EAGAIN
        guard result.isEnded || isBroken else { return false }
        // The kernel reports a reset once.
        if isBroken { legs[leg].flags.insert(.broken) }
        legs[leg].inbound = .counted
        if isCounted(leg) { arm(leg, expectsBytes: true) }
        return true
    }
}
