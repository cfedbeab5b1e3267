/// The size of a UDP socket's receive buffer.
///
/// The kernel's default of 208 KiB holds three trains. The kernel takes memory only as far as
/// datagrams wait, so a session's socket has as much room as a listener's at no cost.
package struct ReceiveBuffer: Equatable, Sendable {
    /// More than a hundred trains can wait while a worker is busy for some milliseconds.
    package static let bytesDefault = 4 << 20
    /// A page; below, half of the kernel's maximum: the kernel doubles the number, in 31 bits.
    package static let bytesMin = 4 << 10
    package static let bytesMax = 512 << 20

    /// Bytes of datagrams; the kernel doubles the number for its own bookkeeping.
    package var bytes: Int32 = Int32(Self.bytesDefault)
    /// An explicit size: with CAP_NET_ADMIN it may exceed net.core.rmem_max.
    package var isForced = false

    package init() {}

    /// - Parameter bytes: nil is the default.
    package init(bytes: Int?) {
        guard let bytes else { return }
        self.bytes = Int32(clamping: bytes)
        isForced = true
    }
}
