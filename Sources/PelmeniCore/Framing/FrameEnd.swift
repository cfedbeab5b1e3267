/// The state of a stream at its end.
package enum FrameEnd: Sendable, Equatable {
    /// The stream ended between two messages.
    case clean
    /// The begun message is complete: a last line without its end, or all of an `eof` stream. With
    /// `heldCarriageReturn` one more byte, 0x0D, belongs at its end; with `begins` no run has begun
    /// that message: the carriage return is all of it.
    case message(begins: Bool, heldCarriageReturn: Bool)
    /// The stream ended inside a message, or had failed before. The caller discards a begun
    /// message.
    case bad(FrameError)
}
