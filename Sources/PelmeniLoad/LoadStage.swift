/// The stages of a ``LoadWorker``.
enum LoadStage {
    /// Connections are opened, and tried with one request each.
    case opening
    case warmingUp
    /// Exchanges that end now count.
    case measuring
    /// No requests until the stop.
    case holding
    /// Requests in flight end, and no new one begins.
    case ending
}
