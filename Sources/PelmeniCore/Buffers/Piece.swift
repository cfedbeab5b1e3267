/// A slice that waits in a ``SendQueue``, and the number of the next piece.
package struct Piece: Sendable {
    package var slice: Slice
    package var next: PieceID
}
