/// The first request of each connection, and of held connections the last one.
struct LoadTrials {
    /// Connections dialled while opening; below, the tried ones.
    var dialled = 0
    var tried = 0
    /// The held connection that is tried again next; below, trials in flight.
    var nextAgain = 0
    var inFlight = 0
}
