@testable import PelmeniCore

/// The final state of a worker.
struct WorkerReport: Sendable {
    var leaks: [String] = []
    /// The ring's own error, or 0.
    var failure: Int32 = 0
    var causes: [EndCause: UInt64] = [:]
    var accepted: UInt64 = 0
    /// Bytes that went through pipes.
    var bytesSpliced: UInt64 = 0
    /// The most leased blocks at the end of a loop.
    var blocksMost: UInt64 = 0

    /// The final states of several workers; nil when one of them has not ended.
    static func sum(_ reports: [WorkerReport?]) -> WorkerReport? {
        var sum = WorkerReport()
        for report in reports {
            guard let report else { return nil }
            sum.leaks += report.leaks
            if sum.failure == 0 { sum.failure = report.failure }
            sum.causes.merge(report.causes, uniquingKeysWith: +)
            sum.accepted += report.accepted
            sum.bytesSpliced += report.bytesSpliced
            sum.blocksMost = max(sum.blocksMost, report.blocksMost)
        }
        return sum
    }
}
