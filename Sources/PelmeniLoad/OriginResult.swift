internal import PelmeniCore

/// What an ``Origin`` saw in its life.
struct OriginResult: Sendable {
    var accepted = 0
    /// Whole requests that were right in every byte.
    var requests = 0
    var faults = FaultCounts()
    /// Why the origin ended before it was told to.
    var failure: Errno?
}
