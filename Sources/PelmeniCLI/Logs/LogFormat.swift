import ArgumentParser

/// The form of a log line.
enum LogFormat: String, CaseIterable, Sendable, ExpressibleByArgument {
    /// `2026-01-31T12:00:00.000Z info message key=value`.
    case text
    /// One JSON object a line.
    case json
}
