import ArgumentParser
import Pelmeni
import PelmeniHTTP

/// The options of an engine, the same for `run` and `check`.
struct EngineArguments: ParsableArguments {
    @Option(help: "What moves the bytes.")
    var backend = BackendChoice.auto

    @Option(help: "Threads with a ring each. (default: one for each usable core)")
    var workers: Int?

    @Flag(help: "Keep each worker on a core of its own.")
    var pin = false

    @Option(
        help: "At most so many sessions at once, over all pairs. (default: as descriptors allow)")
    var sessions: Int?

    @Option(
        help: ArgumentHelp(
            "Memory for blocks, over all workers. (default: 256m)", valueName: "size"),
        transform: SizeText.parse)
    var pool = EngineOptions().poolBytes

    @Option(
        help: ArgumentHelp(
            "How long sessions may go on after TERM or INT. (default: 30s)", valueName: "duration"),
        transform: DurationText.parse)
    var drainTimeout = EngineOptions().drainTimeout

    @Option(
        name: .customLong("io-uring-without"),
        help: ArgumentHelp(
            "Do without these io_uring features; `pelmeni doctor` lists them, 6.1 stands for what "
                + "that kernel lacks.",
            valueName: "feature,...")
    )
    var ioUringWithout: String?

    /// The names of the disabled features.
    var without: [String] {
        ioUringWithout?.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            ?? []
    }

    /// The disabled features.
    func disabledFeatures() throws(EngineError) -> Set<IOUringFeature> {
        try FeatureList.parse(without)
    }

    func engine(
        _ pairs: [EndpointPair], level: LogEntry.Level = .info,
        accessLog: HTTPAccessLog? = nil,
        log: (@Sendable (LogEntry) -> Void)? = nil
    ) throws(EngineError) -> Engine {
        var options = EngineOptions()
        options.pinsWorkers = pin
        options.disabledFeatures = try disabledFeatures()
        options.sessionLimit = sessions
        options.poolBytes = pool
        options.drainTimeout = drainTimeout
        options.logLevel = level
        options.log = log
        return try Engine(
            backend: backend, workers: workers,
            servers: pairs.map { $0.server(accessLog: accessLog) },
            options: options,
            spelling: .commandLine)
    }
}
