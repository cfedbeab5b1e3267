/// Further state of a ``FrameScanner`` with a custom framing, for one message.
struct CustomScan: Sendable {
    var state = FramingState()
    /// Bytes outside the payload: the bytes of this message so far or announced; below, the bytes
    /// still to come behind `left`.
    var marks: UInt32 = 0
    var trailer: UInt32 = 0
    /// The number of a ``FrameReason``, for a refused stream.
    var reason: UInt32 = 0
    /// The message is complete with the last announced byte.
    var ends = false
}
