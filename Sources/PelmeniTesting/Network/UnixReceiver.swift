/// The queue of a Unix datagram socket of an upstream or a client. Rows are not reused: a socket
/// that returns under the same name is another one.
struct UnixReceiver {
    let pair: Int
    /// Datagrams in the queue.
    var waiting = 0
    /// Its owner takes no datagram out.
    var isAsleep = false
    var isGone = false
    /// The next datagram will be taken out: an event is pending.
    var isReading = false
    /// The proxy's sockets that wait for room.
    var waiters: [Int] = []
}
