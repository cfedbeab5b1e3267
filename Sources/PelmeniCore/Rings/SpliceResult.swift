/// What a splice moved, and why it stopped.
package struct SpliceResult: Sendable {
    /// Bytes that left the first socket.
    package var received = 0
    /// Bytes that the second one took; the others are in the pipe.
    package var sent = 0
    /// `-EAGAIN` when nothing is left to receive, another -errno, or 0.
    package var receiveError: Int32 = 0
    /// `-EAGAIN` when the second socket is full, another -errno, or 0.
    package var sendError: Int32 = 0
    /// The first socket's stream has ended.
    package var isEnded = false
    /// `-EAGAIN` though there are bytes: only a receive gets at them. An urgent one is next, say.
    package var needsReceive = false

    @inline(__always)
    package init() {}
}
