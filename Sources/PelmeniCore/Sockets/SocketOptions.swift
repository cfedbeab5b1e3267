/// What is set on every stream socket. TCP listeners carry it too: Linux hands it on to what they
/// accept, so that an accepted connection costs no system call for it. On Unix sockets only the
/// urgent byte has a meaning.
package struct SocketOptions: Equatable, Sendable {
    /// TCP_NODELAY: a relay forwards what it has; waiting for more is the ends' business.
    package var noDelay = true
    /// SO_KEEPALIVE, seconds of silence before the first probe; 0 is off.
    package var keepAliveSeconds: Int32 = 60
    /// TCP_USER_TIMEOUT: how long sent bytes may stay unacknowledged; 0 leaves it to the kernel.
    package var userTimeoutMilliseconds: UInt32 = 0
    /// SO_OOBINLINE: an urgent byte is forwarded in its place, as an ordinary one. Without it the
    /// kernel takes the byte out of the stream.
    package var urgentInLine = true

    package init() {}

    /// What is set when a socket is opened: all but the keepalive, which costs several calls and a
    /// timer that a short connection never needs.
    package var atOpening: SocketOptions {
        var options = self
        options.keepAliveSeconds = 0
        return options
    }

    /// What is set once a connection has lived for a while.
    package var afterAWhile: SocketOptions {
        var options = SocketOptions()
        options.noDelay = false
        options.urgentInLine = false
        options.keepAliveSeconds = keepAliveSeconds
        return options
    }
}
