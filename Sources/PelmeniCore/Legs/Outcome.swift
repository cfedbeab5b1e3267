/// The meaning of a completion for the relay, which handles the completion and its leg from there.
enum Outcome {
    /// The legs handled the completion.
    case handled
    /// Handled, and the session may have changed: there may be a ``Notice``.
    case moved
    /// A framed stream has bytes; the outcome owns the lease of the completion's block.
    case bytes
    /// A framed stream ended.
    case ended
    /// A framed stream failed while reading.
    case broke
    /// A framed stream failed while writing.
    case sendBroke
    /// A framed stream found no block.
    case starved
    /// A receive of a framed stream was cancelled: it may be armed anew.
    case interrupted
    /// A framed stream's queue is sent, and the stream itself has ended.
    case drained
    /// The leg has room again: its peer, a paused framed stream, may be read.
    case resumed
}

/// A change of a session with messages, beside a completion's outcome. The kind of notice follows
/// from the session's phase and legs, so a row needs no field for it.
enum Notice {
    /// Both sides are linked: messages may cross. Of a pair's driver: an upstream accepted or none
    /// did, a counted link is done, or a side takes no more.
    case linked(SessionID)
    /// The session ends, and its client is one of a listener's many.
    case left(SessionID)
    /// The last leg is closed; the row is still to be released.
    case closed(SessionID)
}

extension Legs where R: ~Copyable {
    @inline(__always)
    var hasNotices: Bool { !notices.isEmpty }

    /// Queues a notice of the session, unless one waits.
    mutating func notify(_ session: SessionID) {
        guard !sessions[session].marks.contains(.noticed) else { return }
        sessions[session].marks.insert(.noticed)
        notices.append(session, sessions)
    }

    /// The oldest notice, or nil.
    mutating func popNotice() -> Notice? {
        let session = notices.popFirst(sessions)
        guard !session.isNone else { return nil }
        sessions[session].marks.remove(.noticed)
        let row = sessions[session]
        assert(row.phase != .free, "a notice is of a session")
        guard row.phase == .ending else { return .linked(session) }
        return row.legs == 0 ? .closed(session) : .left(session)
    }
}
