/// The sizes of a pair's socket buffers, in bytes of payload. Trivial.
///
/// 0 leaves a buffer to the kernel, which sizes those of TCP by itself; a UDP socket then receives
/// into ``datagramsDefault``.
package struct SocketBuffers: Equatable, Sendable {
    /// For datagrams that wait to be read: more than a hundred trains can wait while a worker is
    /// busy for some milliseconds.
    ///
    /// The kernel's default of 208 KiB holds three trains. The kernel takes memory only as far as
    /// datagrams wait, so a session's socket has as much room as a listener's at no cost.
    package static let datagramsDefault: Int32 = 4 << 20
    /// A page; below, half of the kernel's maximum: the kernel doubles the number, in 31 bits.
    package static let bytesMin = 4 << 10
    package static let bytesMax = 512 << 20

    /// With CAP_NET_ADMIN an explicit size may exceed net.core.rmem_max and wmem_max.
    package var receive: Int32 = 0
    package var send: Int32 = 0

    package init() {}

    /// - Parameters:
    ///   - receive: nil is the default.
    ///   - send: nil is the default.
    package init(receive: Int?, send: Int?) {
        self.receive = Int32(clamping: receive ?? 0)
        self.send = Int32(clamping: send ?? 0)
    }
}
