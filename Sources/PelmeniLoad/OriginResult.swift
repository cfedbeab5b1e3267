internal import PelmeniCore
internal import PelmeniRuntime

/// The counts of an ``Origin`` over its life.
struct OriginResult: Sendable {
    var accepted = 0
    /// Whole requests that were right in every byte.
    var requests = 0
    var faults = FaultCounts()
    /// The reason why the origin ended early.
    var failure: SystemError?
}
