/// The upstreams of a driver that dials.
struct DriverDialling {
    enum Phase: UInt8 {
        /// There is an upstream, or none is wanted.
        case none
        /// One is wanted, and the loop has no dial left.
        case waiting
        /// The legs tell the outcome.
        case dialled
    }

    var phase = Phase.none
    /// Arrivals wait until the driver takes them.
    var holds = false
    /// A message has gone to the present upstream.
    var isUsed = false
    /// The call closed the upstream whose bytes were offered.
    var hasLostRest = false
    var lostBy = EndCause.noUpstream
    /// The upstream that a hook chose, or -1.
    var wanted: Int16 = -1
}
