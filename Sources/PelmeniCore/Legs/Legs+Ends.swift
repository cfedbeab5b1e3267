internal import Glibc

// Ends of streams: noted, and forwarded behind the queued bytes.
extension Legs where R: ~Copyable {
    /// The far side shut down its write half.
    mutating func streamEnded(_ leg: LegID) {
        guard !findHiddenReset(leg) else { return streamBroke(leg) }
        noteEnd(leg)
    }

    /// Forwards the stream's end to the peer, behind the queued bytes.
    mutating func noteEnd(_ leg: LegID) {
        endReading(leg)
        forwardEndIfDrained(leg)
    }

    /// A stream has ended: the other one may be silent for the linger time.
    mutating func endReading(_ leg: LegID) {
        legs[leg].move(reading: .ended)
        let session = legs[leg].session
        if sessions[session].endedAt == 0 { sessions[session].endedAt = now }
        let linger = pairs[sessions[session].pair].deadlines.linger
        if linger != 0, sessions[session].phase == .relaying {
            wheel.hasten(session, to: now &+ linger)
        }
    }

    /// Whether an end is the rest of a reset.
    ///
    /// The kernel reports a reset once: if a send gets it, a receive beside the send returns 0, as
    /// at an end. The send's completion may still be in flight, or hide the reset: with MSG_WAITALL
    /// it has the part sent before (Linux 6.18), and its remainder is in flight again.
    mutating func findHiddenReset(_ leg: LegID) -> Bool {
        if legs[leg].writing == .sending, calls.isGone(legs[leg].socket) {
            legs[leg].flags.insert(.broken)
        }
        return legs[leg].flags.contains(.broken)
    }

    /// Forwards an end once all bytes before it are sent; closes when both directions are done.
    mutating func forwardEndIfDrained(_ leg: LegID) {
        let peer = legs[leg].peer
        guard legs[leg].reading == .ended, isDrained(peer),
            legs[peer].writing != .shut, forwardsEnds(leg), forwardsEnds(peer)
        else { return }
        let session = legs[leg].session
        guard sessions[session].phase == .relaying else { return }
        assert(peer != .absent, "a stream of messages has nothing to forward an end to")
        legs[peer].move(writing: .shut)
        if legs[peer].reading == .ended, isDrained(leg) {
            // Both streams ended: closing sends any end that is still unsent.
            return end(session, .completed, reset: false)
        }
        _ = calls.shutdownWrite(legs[peer].socket)
    }

    /// Whether a leg's end is forwarded as such. A driver says itself which end follows which, and
    /// so does the relay once a hook has finished a session: bytes may wait for a block.
    @inline(__always)
    func forwardsEnds(_ leg: LegID) -> Bool {
        switch legs[leg].inbound {
        case .linked, .spliced, .framed, .hooked: true
        case .driven, .counted: false
        case .discarded: !pairs[sessions[legs[leg].session].pair].hooks.areThere
        }
    }

    /// Whether all bytes for a leg were handed to the kernel.
    @inline(__always)
    func isDrained(_ leg: LegID) -> Bool {
        legs[leg].queue.isEmpty && legs[leg].piped == 0
    }
}
