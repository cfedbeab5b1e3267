/// The number of a block in its worker's ``BufferPool``.
package struct BlockID: Equatable, Sendable {
    package var rawValue: UInt32

    @inline(__always)
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let none = BlockID(rawValue: .max)

    @inline(__always)
    package var isNone: Bool { rawValue == .max }
}
