/// A slice that waits in a ``SendQueue``, and which one comes after it.
package struct Piece: Sendable {
    package var slice: Slice
    package var next: PieceID
}
