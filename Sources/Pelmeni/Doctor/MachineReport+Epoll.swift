internal import PelmeniCore
internal import PelmeniRuntime

extension MachineReport {
    /// What the epoll backend finds on this machine.
    package struct Epoll: Codable, Equatable, Sendable {
        /// Sends to many sockets go out in one call (io_submit(2)).
        package var sendsInBatches: Bool
        /// Why not, and what to do; nil when they do.
        package var refusal: String?

        private enum CodingKeys: String, CodingKey {
            case sendsInBatches = "sends_in_batches"
            case refusal
        }
    }
}

extension MachineReport.Epoll {
    init(_ refusal: SystemError?) {
        sendsInBatches = refusal == nil
        self.refusal = refusal.map { "\($0); \(SendBatchProbe.remedy($0))" }
    }
}
