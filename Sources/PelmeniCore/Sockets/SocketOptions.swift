/// Options of every stream socket. TCP listeners carry them too: accepted sockets inherit them on
/// Linux, so an accepted connection costs no system call for them. On Unix sockets only
/// `urgentInLine` has a meaning.
package struct SocketOptions: Equatable, Sendable {
    /// TCP_NODELAY: a relay forwards bytes at once; delaying them is the peers' choice.
    package var noDelay = true
    /// SO_KEEPALIVE, seconds of silence before the first probe; 0 is off.
    package var keepAliveSeconds: Int32 = 60
    /// TCP_USER_TIMEOUT: how long sent bytes may stay unacknowledged; 0 leaves it to the kernel.
    package var userTimeoutMilliseconds: UInt32 = 0
    /// SO_OOBINLINE: an urgent byte is forwarded in its place, as an ordinary one. Without it the
    /// kernel takes the byte out of the stream.
    package var urgentInLine = true
    /// SO_RCVBUF and SO_SNDBUF. A Unix socket's receive buffer bounds nothing (unix(7)).
    package var buffers = SocketBuffers()

    package init() {}

    /// The options set at opening: all but the keepalive, which costs several calls and a timer
    /// that a short connection never needs.
    package var atOpening: SocketOptions {
        var options = self
        options.keepAliveSeconds = 0
        return options
    }

    /// The options set once a connection has lived for a while.
    package var afterAWhile: SocketOptions {
        var options = SocketOptions()
        options.noDelay = false
        options.urgentInLine = false
        options.keepAliveSeconds = keepAliveSeconds
        return options
    }
}
