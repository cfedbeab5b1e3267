internal import PelmeniCore

/// What an ``Origin`` may use.
struct OriginLimits: Sendable {
    /// Connections at once; more are reset, and counted.
    var connections = 1024
    var blockClass: BlockClass = .small
}
