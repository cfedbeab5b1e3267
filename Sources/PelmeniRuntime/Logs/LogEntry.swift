internal import PelmeniCore

/// An entry of the engine's log.
public struct LogEntry: Sendable, Equatable {
    /// The entry's importance.
    public enum Level: Int, Sendable, Comparable, CaseIterable {
        /// A session's opening or end.
        case debug
        /// A change.
        case info
        /// A function worse than asked for.
        case warning
        /// A failure.
        case error

        /// By importance.
        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// The entry's importance.
    public var level: Level
    /// A sentence without values.
    public var message: String
    /// The values, in order.
    public var fields: [Field]

    /// A named value of an entry.
    public struct Field: Sendable, Equatable {
        /// Its name.
        public var key: String
        /// Its value as text.
        public var value: String

        /// A named value.
        public init(_ key: String, _ value: String) {
            self.key = key
            self.value = value
        }
    }

    /// An entry with its values in order.
    public init(_ level: Level, _ message: String, _ fields: [Field] = []) {
        self.level = level
        self.message = message
        self.fields = fields
    }
}
