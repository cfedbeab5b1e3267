internal import PelmeniCore
public import PelmeniRuntime

/// What an ``Engine`` may be told beside its servers.
public struct EngineOptions: Sendable {
    /// Whether each worker stays on a processor of its own.
    public var pinsWorkers = false
    /// io_uring features that are not used though the kernel grants them. `.newerThanLinux61` is
    /// all that Linux 6.1 lacks.
    public var disabledFeatures: Set<IOUringFeature> = []
    /// Sessions at once, 1 to 2,147,483,647; a session over the limit is closed with cause
    /// ``EndCause/limit``. Nil: as many as descriptors allow, and connections beyond them wait.
    public var sessionLimit: Int?
    /// Bytes of memory for blocks, over all workers, at least 1 MiB for each; touched only as far
    /// as it is used.
    public var poolBytes = 256 << 20
    /// How long a drain waits when the task of ``Engine/run()`` is cancelled: at most 365 days.
    public var drainTimeout: Duration = .seconds(30)
    /// Entries below this are not made.
    public var logLevel: LogEntry.Level = .info
    /// Takes entries, one at a time, on a thread that does nothing else; nil is silence. An entry
    /// that comes up while thousands wait is lost, counted in ``Statistics/logEntriesLost`` and
    /// told in a later entry. All others are taken by the time that the engine has ended, unless
    /// that has to wait longer than a second.
    public var log: (@Sendable (LogEntry) -> Void)?

    /// The defaults.
    public init() {}
}
