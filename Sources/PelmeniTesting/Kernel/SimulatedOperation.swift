internal import PelmeniCore

/// An operation of a simulated descriptor.
struct SimulatedOperation {
    var token = Token(rawValue: 0)
    /// From the enqueue until the last completion was handed out.
    var isInFlight = false
    /// The kernel still works on it.
    var isArmed = false
    var isMultishot = false
    /// Distinguishes this operation from earlier ones.
    var serial: UInt32 = 0
    /// Completions of one operation come in order: none before this time.
    var lastAt: UInt64 = 0

    // Receives.
    var blockClass = BlockClass.small
    var limit = 0
    var isRetrying = false
    /// Completions that the user has not seen.
    var unseen = 0
    /// An end or a reset came together with bytes, and the receive missed it: it waits for a
    /// wake-up that is past.
    var missesEnd = false
    /// The user has cancelled the operation: its further bytes are for no session.
    var isUnwanted = false

    // Sends.
    /// Pieces of the send; below, bytes in them.
    var pieces = 0
    var asked = 0
    var done = 0
    /// The stream's position of the first byte.
    var position = 0
    /// The checksum of a message's bytes at the handover.
    var checksum: UInt64 = 0
}
