/// The sizes of block. A stream's leg earns the bulk class by filling its small blocks, and loses
/// it again.
package enum BlockClass: UInt8, Sendable {
    /// Small messages: few, hot blocks that stay in the processor's cache.
    case small = 0
    /// Bulk: system calls and wake-ups for each gigabyte are what costs.
    case bulk = 1
    /// Datagrams: the largest one, or a whole train of them, has 65,507 bytes; what the kernel
    /// tells of it stands before it, and there is room behind it for a frame's end.
    case datagram = 2

    /// Bytes a block of this class holds.
    @inline(__always)
    package var bytes: Int {
        switch self {
        case .small: 16 << 10
        case .bulk: 256 << 10
        case .datagram: 68 << 10
        }
    }
}
