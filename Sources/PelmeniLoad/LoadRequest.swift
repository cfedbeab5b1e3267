/// A request that is under way.
struct LoadRequest {
    /// Its stream.
    var number: UInt64
    /// When it began, or in an open loop was meant to.
    var since: UInt64
}
