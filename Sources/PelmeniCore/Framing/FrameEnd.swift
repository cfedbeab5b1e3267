/// What is left of a stream when it ends.
package enum FrameEnd: Sendable, Equatable {
    /// Nothing: it ended between two messages.
    case clean
    /// The message that was begun is complete: a last line without its end, or all of an `eof`
    /// stream. With `heldCarriageReturn` one more byte, 0x0D, goes at its end, and then `begins`
    /// says that no run has begun that message: the carriage return is all of it.
    case message(begins: Bool, heldCarriageReturn: Bool)
    /// The stream ended inside a message, or had failed before. A message that was begun is to be
    /// thrown away.
    case bad(FrameError)
}
