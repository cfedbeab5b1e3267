internal import PelmeniCore
internal import PelmeniRuntime

/// The limits of an ``Origin``.
struct OriginLimits: Sendable {
    /// Connections at once; further ones are reset, and counted.
    var connections = 1024
    var blockClass: BlockClass = .small
}
