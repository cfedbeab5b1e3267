/// The queue of a Unix socket of datagrams that is not the proxy's: an upstream's, or a client's.
/// Rows are not used again: a socket that comes back under the same name is another one.
struct UnixReceiver {
    let pair: Int
    /// Datagrams in it.
    var waiting = 0
    /// Takes none out.
    var isAsleep = false
    var isGone = false
    /// The next one will be taken out: an event is pending.
    var isReading = false
    /// The proxy's sockets that wait for room.
    var waiters: [Int] = []
}
