/// What a UDP socket's receive buffer is to hold.
///
/// The kernel's default of 208 KiB holds three trains. It touches memory only as far as datagrams
/// wait in it, so that a session's socket costs nothing for having as much room as a listener's.
package struct ReceiveBuffer: Equatable, Sendable {
    /// More than a hundred trains wait for a worker that is busy for some milliseconds.
    package static let bytesDefault = 4 << 20
    /// A page, and half of what the kernel takes: it doubles the number, in 31 bits.
    package static let bytesMin = 4 << 10
    package static let bytesMax = 512 << 20

    /// Of datagrams; the kernel doubles it for what it keeps beside them.
    package var bytes: Int32 = Int32(Self.bytesDefault)
    /// It was asked for: where the process may (CAP_NET_ADMIN), beyond net.core.rmem_max too.
    package var isForced = false

    package init() {}

    /// - Parameter bytes: nil is the default.
    package init(bytes: Int?) {
        guard let bytes else { return }
        self.bytes = Int32(clamping: bytes)
        isForced = true
    }
}
