/// What a ``FrameScanner`` knows of a message beside the rest when the framing is the user's own.
struct CustomScan: Sendable {
    var state = FramingState()
    /// Bytes that are no payload: those there were in this message or were announced, and those
    /// that are still to come behind `left`.
    var marks: UInt32 = 0
    var trailer: UInt32 = 0
    /// Of a stream that was refused: the number of a ``FrameReason``.
    var reason: UInt32 = 0
    /// The message is complete once what was announced has come.
    var ends = false
}
