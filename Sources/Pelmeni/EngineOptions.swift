public import PelmeniCore

/// What an ``Engine`` may be told beside its servers.
public struct EngineOptions: Sendable {
    /// Keeps each worker on a processor of its own.
    public var pin = false
    /// io_uring features that are not to be used though the kernel grants them, by the names that
    /// `pelmeni doctor` lists; `6.1` stands for all that kernel lacks.
    public var without: [String] = []
    /// Sessions at once, over which new ones are closed with cause ``Cause/limit``. Nil: as many as
    /// descriptors allow, and connections beyond them wait.
    public var sessions: Int?
    /// Memory for blocks, over all workers; touched only as far as it is used.
    public var poolBytes = 256 << 20
    /// How long a drain waits when the task of ``Engine/run()`` is cancelled.
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
