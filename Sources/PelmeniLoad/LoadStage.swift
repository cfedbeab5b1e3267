/// How far a ``LoadWorker`` is.
enum LoadStage {
    /// Connections are opened, and tried with one request each.
    case opening
    case warmingUp
    /// What ends now counts.
    case measuring
    /// Nothing is asked until the stop.
    case holding
    /// What is under way comes to its end, and nothing more begins.
    case ending
}
