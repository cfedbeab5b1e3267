/// What a completion meant that no linked leg takes: the relay goes on from there with the
/// completion and its leg.
enum Outcome {
    /// The legs have done all of it.
    case handled
    /// Done, and the session may have moved: there may be a ``Notice``.
    case moved
    /// A framed stream brought bytes; the outcome owns the lease of the completion's block.
    case bytes
    /// A framed stream ended.
    case ended
    /// A framed stream failed while it was read.
    case broke
    /// A framed stream failed while it was written to.
    case sendBroke
    /// There was no block for a framed stream.
    case starved
    /// A receive of a framed stream was called off: it may be armed anew.
    case interrupted
    /// All that was queued for a framed stream went out, and the stream itself has ended.
    case drained
    /// The leg's peer, a framed stream that was paused, may be read again: the leg has room.
    case resumed
}

/// What became of a session that has messages, beside a completion's outcome. Which notice it is
/// follows from the session's phase and its legs, so a row needs no field for it.
enum Notice {
    /// Both sides stand: messages may cross.
    case linked(SessionID)
    /// It ends, and its client is one of a listener's many.
    case left(SessionID)
    /// Its last leg is closed; its row is still to be given back.
    case closed(SessionID)
}

extension Legs where R: ~Copyable {
    @inline(__always)
    var hasNotices: Bool { !notices.isEmpty }

    /// The oldest notice, or nil.
    mutating func popNotice() -> Notice? {
        let session = notices.popFirst(sessions)
        guard !session.isNone else { return nil }
        let row = sessions[session]
        assert(row.phase != .free, "a notice is of a session")
        guard row.phase == .ending else { return .linked(session) }
        return row.legs == 0 ? .closed(session) : .left(session)
    }
}
