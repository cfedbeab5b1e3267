internal import PelmeniCore

/// Something the engine has to say.
public struct LogEntry: Sendable, Equatable {
    /// How much it matters.
    public enum Level: Int, Sendable, Comparable, CaseIterable {
        /// Each session.
        case debug
        /// What changed.
        case info
        /// What works less well than asked.
        case warning
        /// What does not work.
        case error

        /// By importance.
        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// How much it matters.
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
