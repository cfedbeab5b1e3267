/// A worker's report. Trivial, and handed over by one indirect call: the loop builds no text.
package struct WorkerEvent: Sendable {
    package enum Kind: UInt8, Sendable {
        case sessionOpened
        case sessionEnded
        case upstreamFailed
        case upstreamRecovered
        /// One that failed before, and has not taken a connection since.
        case upstreamFailsStill
        case addressFailed
        case poolExhausted
        case acceptPaused
        case acceptResumed
        case acceptFailed
        /// No upstream of the pair is up: its listener refuses clients.
        case listenerRefuses
        /// An upstream is up again.
        case listenerListens
        case ringFailed
        case badFrame
        case hookClosed
        case driverFailed
        case descriptorsDropped

        /// An upstream, or an address of it, takes connections or does not.
        package var isOfUpstreams: Bool {
            switch self {
            case .upstreamFailed, .upstreamRecovered, .upstreamFailsStill, .addressFailed: true
            default: false
            }
        }

        /// A peer can cause this kind of event at any rate.
        package var isOfPeers: Bool {
            switch self {
            case .upstreamFailed, .upstreamRecovered, .upstreamFailsStill, .addressFailed,
                .poolExhausted, .acceptFailed, .listenerRefuses, .listenerListens, .badFrame,
                .hookClosed, .driverFailed, .descriptorsDropped:
                true
            case .sessionOpened, .sessionEnded, .acceptPaused, .acceptResumed, .ringFailed: false
            }
        }
    }

    package var kind: Kind
    package var pair = PairID(0)
    package var cause: EndCause = .internal
    package var upstream: UInt8 = 0
    /// The number of the upstream's address, where the event is about one.
    package var address: UInt8 = 0
    /// A negative errno, where there is one.
    package var error: Int32 = 0
    /// Nanoseconds from a session's opening to its end.
    package var duration: UInt64 = 0

    package init(
        kind: Kind, pair: PairID = PairID(0), cause: EndCause = .internal, upstream: UInt8 = 0,
        address: UInt8 = 0, error: Int32 = 0, duration: UInt64 = 0
    ) {
        self.kind = kind
        self.pair = pair
        self.cause = cause
        self.upstream = upstream
        self.address = address
        self.error = error
        self.duration = duration
    }
}
