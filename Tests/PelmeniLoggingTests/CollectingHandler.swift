import Logging
import Synchronization
import TestSupport

/// Keeps log events, and lets a test wait for one.
struct CollectingHandler: LogHandler {
    struct Event: Sendable {
        let level: Logger.Level
        let message: String
        let metadata: Logger.Metadata
        let source: String
    }

    final class Store: Sendable {
        let events = Mutex<[Event]>([])
    }

    let store: Store
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let found = Event(
            level: event.level, message: event.message.description,
            metadata: metadata.merging(event.metadata ?? [:]) { $1 }, source: event.source)
        store.events.withLock { $0.append(found) }
    }
}

extension CollectingHandler.Store {
    func logger(_ level: Logger.Level) -> Logger {
        var logger = Logger(label: "test", factory: { _ in CollectingHandler(store: self) })
        logger.logLevel = level
        return logger
    }

    /// The first event that the condition holds for, once there is one.
    func first(
        _ what: String, where holds: (CollectingHandler.Event) -> Bool
    ) throws -> CollectingHandler.Event {
        var found: CollectingHandler.Event?
        try waitUntil(what) {
            found = events.withLock { $0 }.first(where: holds)
            return found != nil
        }
        guard let found else { throw Overdue(description: what) }
        return found
    }
}
