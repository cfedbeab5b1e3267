package import PelmeniCore

/// What an engine is to run.
package struct EngineConfiguration: Sendable {
    /// 256 MiB hide the slow readers of a busy host, and are touched only as far as they are used.
    package static let poolBytesDefault = 256 << 20
    /// Workers beyond this are a typing error, not a machine.
    package static let workersMax = 1024
    /// Pairs of one engine: a pair's number is 16 bits in a session's row.
    package static let pairsMax = 4096
    /// Descriptors left alone for the process itself: logs, resolver, and what an embedder opens.
    package static let descriptorsKept = 32

    package var choice: BackendChoice
    package var without: IOUringFeatures
    package var workers: Int
    package var pins: Bool
    package var pairs: [PairConfiguration]
    package var poolBytes: Int
    /// Sessions at once, over which they are closed with cause `limit`; 0 is none.
    package var sessionsCap: Int
    package var log: EngineLog
    package var lookup: Resolver.Lookup
    /// How errors name options.
    package var spelling: OptionName.Spelling

    package init(
        choice: BackendChoice, without: IOUringFeatures = [], workers: Int, pins: Bool = false,
        pairs: [PairConfiguration], poolBytes: Int = EngineConfiguration.poolBytesDefault,
        sessionsCap: Int = 0,
        log: EngineLog = EngineLog(level: .error, sink: nil),
        lookup: @escaping Resolver.Lookup = Resolver.system,
        spelling: OptionName.Spelling = .library
    ) {
        self.choice = choice
        self.without = without
        self.workers = workers
        self.pins = pins
        self.pairs = pairs
        self.poolBytes = poolBytes
        self.sessionsCap = sessionsCap
        self.log = log
        self.lookup = lookup
        self.spelling = spelling
    }
}
