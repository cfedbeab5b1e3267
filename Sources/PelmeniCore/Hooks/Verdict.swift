/// What a hook decides about a unit: a chunk of a stream, a message, or a datagram.
public enum Verdict: ~Copyable {
    /// The unit goes on, as it is now. A chunk without bytes is not sent; a message without bytes
    /// is, where the other side can carry one.
    case forward
    /// As ``forward``, and this hook is not called for this direction again. Once all hooks of a
    /// direction of two plain streams are released, it is relayed as without hooks.
    case release
    /// The unit is not forwarded. A stream's end still is.
    case drop
    /// The unit is not forwarded, and the buffer goes back to where the unit came from, behind the
    /// bytes queued there. It passes no hook. In place of a request it is the answer to it.
    case reply(Buffer)
    /// As ``reply(_:)``, or as ``drop`` without a buffer; then the session ends in order, once its
    /// queued bytes are sent. Its cause is `completed`.
    case finish(Buffer? = nil)
    /// The unit is not forwarded; bytes queued before it are sent, and streams are then reset. The
    /// session's cause is `hook`; the reason is logged.
    case close(StaticString)
}

/// What a hook decides about a session that opens.
public enum OpenVerdict: Sendable {
    /// An upstream is dialled.
    case forward
    /// The upstream with this number of the client's list is dialled first; a number that is not in
    /// the list closes the session.
    case upstream(Int)
    /// The session ends before any dial, its client's stream with a reset. Its cause is `hook`; the
    /// reason is logged.
    case close(StaticString)
}

/// A ``Verdict`` in a worker's form. The numbers cross the boundary of modules.
@usableFromInline
package enum VerdictCode: UInt8, Sendable {
    case forward
    case release
    case drop
    case reply
    case finish
    case close
}
