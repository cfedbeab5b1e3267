internal import PelmeniCore
internal import PelmeniRuntime

extension MachineReport {
    /// The epoll backend on this machine.
    package struct Epoll: Codable, Equatable, Sendable {
        /// io_submit(2) sends to many sockets in one call.
        package var sendsInBatches: Bool
        /// Why it does not, and the remedy; nil when it does.
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
