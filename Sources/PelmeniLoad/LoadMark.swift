/// What a staged load tells while it runs.
enum LoadMark: String, Sendable {
    /// All connections are open, and each has had an answer where there are any.
    case connected
    /// The window begins.
    case measuring
    /// The window has ended; everything is still open.
    case measured
}
