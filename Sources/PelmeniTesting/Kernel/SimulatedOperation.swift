internal import PelmeniCore

/// An operation of a simulated descriptor.
struct SimulatedOperation {
    var token = Token(rawValue: 0)
    /// From its enqueue until its last completion was handed out.
    var isInFlight = false
    /// The kernel still works on it.
    var isArmed = false
    var isMultishot = false
    /// Tells this operation from the ones before it.
    var serial: UInt32 = 0
    /// Completions of it come in order: none before this time.
    var lastAt: UInt64 = 0

    // Receives.
    var blockClass = BlockClass.small
    var limit = 0
    var isRetrying = false
    /// Completions of it that its user has not seen.
    var unseen = 0
    /// An end or a reset came together with bytes, and it is not told of it: it waits for a wake-up
    /// that was.
    var missesEnd = false
    /// Its user has called it off: what it still brings is for nobody.
    var isUnwanted = false

    // Sends.
    /// Pieces, and bytes in them.
    var pieces = 0
    var asked = 0
    var done = 0
    /// The stream's position of the first byte.
    var position = 0
    /// What the bytes of messages were when they were handed over.
    var checksum: UInt64 = 0
}
