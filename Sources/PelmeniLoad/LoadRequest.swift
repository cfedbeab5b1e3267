/// A request in flight.
struct LoadRequest {
    /// Its stream.
    var number: UInt64
    /// The time at which it began, or in an open loop was due.
    var since: UInt64
}
