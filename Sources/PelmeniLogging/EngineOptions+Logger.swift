public import Logging
public import Pelmeni

extension EngineOptions {
    /// Passes the engine's log entries to a logger of swift-log, from the logger's level on.
    ///
    /// It sets ``Pelmeni/EngineOptions/log`` and ``Pelmeni/EngineOptions/logLevel``:
    ///
    /// ```swift
    /// var options = EngineOptions()
    /// options.log(to: Logger(label: "relay"))
    /// ```
    ///
    /// The engine calls the logger on a thread of its own, one entry after the other: a handler
    /// that blocks delays no worker. Entries that come faster than the handler takes them are lost
    /// above 8,192, and ``Pelmeni/Statistics/logEntriesLost`` counts them.
    ///
    /// - Parameter logger: its level is read now: an engine makes no entries below it. `trace` is
    ///   the engine's `debug`, `notice` its `warning`, and `critical` its `error`.
    public mutating func log(to logger: Logger) {
        logLevel = LogEntry.Level(logger.logLevel)
        log = { entry in logger.log(entry) }
    }
}
