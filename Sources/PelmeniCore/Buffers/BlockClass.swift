/// The sizes of block. A stream's leg earns the bulk class by filling small blocks, and loses it
/// again.
package enum BlockClass: UInt8, Sendable {
    /// Small messages: few, hot blocks that stay in the processor's cache.
    case small = 0
    /// Bulk: here the cost is system calls and wake-ups for each gigabyte.
    case bulk = 1
    /// Datagrams: the largest one, or a whole train, has 65,507 bytes; the kernel's head, name and
    /// control messages stand before it, and there is room behind it for a frame's end.
    case datagram = 2

    /// Bytes in a block of this class.
    @inline(__always)
    package var bytes: Int {
        switch self {
        case .small: 16 << 10
        case .bulk: 256 << 10
        case .datagram: 68 << 10
        }
    }
}
