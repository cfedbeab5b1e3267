/// A worker's report. Trivial, and handed over by one indirect call: the loop builds no text.
package struct WorkerEvent: Sendable {
    package enum Kind: UInt8, Sendable {
        case sessionOpened
        case sessionEnded
        case upstreamFailed
        case upstreamRecovered
        case poolExhausted
        case acceptPaused
        case acceptResumed
        case acceptFailed
        case ringFailed
        case badFrame
        case hookClosed
        case driverFailed
        case descriptorsDropped

        /// A peer can cause this kind of event at any rate.
        package var isOfPeers: Bool {
            switch self {
            case .upstreamFailed, .upstreamRecovered, .poolExhausted, .acceptFailed, .badFrame,
                .hookClosed, .driverFailed, .descriptorsDropped:
                true
            case .sessionOpened, .sessionEnded, .acceptPaused, .acceptResumed, .ringFailed: false
            }
        }
    }

    package var kind: Kind
    package var pair = PairID(0)
    package var cause: EndCause = .internal
    package var upstream: UInt16 = 0
    /// A negative errno, where there is one.
    package var error: Int32 = 0
    /// Nanoseconds from a session's opening to its end.
    package var duration: UInt64 = 0

    package init(
        kind: Kind, pair: PairID = PairID(0), cause: EndCause = .internal, upstream: UInt16 = 0,
        error: Int32 = 0, duration: UInt64 = 0
    ) {
        self.kind = kind
        self.pair = pair
        self.cause = cause
        self.upstream = upstream
        self.error = error
        self.duration = duration
    }
}
