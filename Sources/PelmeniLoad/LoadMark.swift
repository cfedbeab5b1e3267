/// The progress of a staged load.
enum LoadMark: String, Sendable {
    /// All connections are open, and each has had an answer if its job has answers.
    case connected
    /// The window begins.
    case measuring
    /// The window has ended; all connections are still open.
    case measured
}
