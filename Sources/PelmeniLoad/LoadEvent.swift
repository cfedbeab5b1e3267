internal import PelmeniCore
internal import PelmeniRuntime

/// An event of the sockets of a ``LoadLegs``.
enum LoadEvent {
    case woken
    /// A new connection; `leg` is nil when there was no room and it was reset.
    case accepted(leg: Int?)
    case acceptFailed(SystemError)
    case connected(leg: Int)
    /// The block's lease passes to the receiver of the event.
    case received(leg: Int, block: BlockID, count: Int)
    /// The other side has ended its stream.
    case ended(leg: Int)
    /// The kernel took some or all of the queued bytes.
    case sent(leg: Int)
    /// The leg failed and is still open.
    case failed(leg: Int, SystemError)
    /// The leg is free, and its number may be reused.
    case closed(leg: Int)
}
