internal import PelmeniCore

/// What happened to a ``LoadLegs``' sockets, one after the other.
enum LoadEvent {
    case woken
    /// A new connection; `leg` is nil when there was no room and it was reset.
    case accepted(leg: Int?)
    case acceptFailed(Errno)
    case connected(leg: Int)
    /// The block's lease goes to whoever takes the event.
    case received(leg: Int, block: BlockID, count: Int)
    /// The other side has sent all that it will send.
    case ended(leg: Int)
    /// Some or all of what was queued is with the kernel.
    case sent(leg: Int)
    /// Nothing was closed yet.
    case failed(leg: Int, Errno)
    /// The leg is free, its number may be used again.
    case closed(leg: Int)
}
