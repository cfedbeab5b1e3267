package import PelmeniCore

/// The checked settings of an engine.
package struct EngineConfiguration: Sendable {
    /// 256 MiB hide the slow readers of a busy host, and are touched only as far as they are used.
    package static let poolBytesDefault = 256 << 20
    /// More workers are a typing error.
    package static let workersMax = 1024
    /// Pairs of one engine: a session's row has 16 bits for a pair's number.
    package static let pairsMax = 4096
    /// Descriptors kept for the process itself: logs, the resolver, the embedder's files.
    package static let descriptorsKept = 32

    package var choice: BackendChoice
    package var without: IOUringFeatures
    package var workers: Int
    package var pins: Bool
    package var pairs: [PairConfiguration]
    package var poolBytes: Int
    /// Sessions at once; sessions over the limit are closed with cause `limit`. 0 is none.
    package var sessionsCap: Int
    package var log: EngineLog
    package var lookup: Resolver.Lookup
    /// The spelling of options in errors.
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
