/// What is set on every TCP socket. Listeners carry it too: Linux hands it on to what they accept, so
/// that an accepted connection costs no system call for it.
package struct SocketOptions: Equatable, Sendable {
    /// TCP_NODELAY: a relay forwards what it has; waiting for more is the ends' business.
    package var noDelay = true
    /// SO_KEEPALIVE, seconds of silence before the first probe; 0 is off.
    package var keepAliveSeconds: Int32 = 60
    /// TCP_USER_TIMEOUT: how long sent bytes may stay unacknowledged; 0 leaves it to the kernel.
    package var userTimeoutMilliseconds: UInt32 = 0

    package init() {}
}
