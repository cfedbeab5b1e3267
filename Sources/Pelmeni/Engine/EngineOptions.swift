internal import PelmeniCore
public import PelmeniRuntime

/// The options of an ``Engine`` beside its servers.
public struct EngineOptions: Sendable {
    /// Whether each worker is pinned to a processor of its own.
    public var pinsWorkers = false
    /// io_uring features left unused even where the kernel grants them. `.newerThanLinux61` has all
    /// features that Linux 6.1 lacks.
    public var disabledFeatures: Set<IOUringFeature> = []
    /// Sessions at once, 1 to 2,147,483,647; a session over the limit is closed with cause
    /// ``EndCause/limit``. Nil: as many as descriptors allow, and connections beyond them wait.
    public var sessionLimit: Int?
    /// Bytes of memory for blocks, over all workers, at least 1 MiB for each; touched only as far
    /// as they are used.
    public var poolBytes = 256 << 20
    /// How long a drain waits when the task of ``Engine/run()`` is cancelled: at most 365 days.
    public var drainTimeout: Duration = .seconds(30)
    /// The lowest level of entries.
    public var logLevel: LogEntry.Level = .info
    /// Takes entries, one at a time, on a thread of its own; nil discards them. An entry made while
    /// 8,192 others wait is lost: ``Statistics/logEntriesLost`` counts it, and a later entry
    /// reports the number. The engine's end waits for all other entries, for at most a second.
    public var log: (@Sendable (LogEntry) -> Void)?

    /// The defaults.
    public init() {}
}
