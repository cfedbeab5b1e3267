/// The two sizes of block. A leg earns the bulk class by filling its small blocks, and loses it again.
package enum BlockClass: UInt8, Sendable {
    /// Small messages: few, hot blocks that stay in the processor's cache.
    case small = 0
    /// Bulk: system calls and wake-ups for each gigabyte are what costs.
    case bulk = 1

    /// Bytes a block of this class holds.
    @inline(__always)
    package var bytes: Int { self == .small ? 16 << 10 : 256 << 10 }
}
