/// The number of a queued piece in its worker's ``BufferPool``.
package struct PieceID: Equatable, Sendable {
    package var rawValue: UInt32

    @inline(__always)
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let none = PieceID(rawValue: .max)

    @inline(__always)
    package var isNone: Bool { rawValue == .max }
}
