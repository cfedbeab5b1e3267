@testable import PelmeniCore

/// What a worker left behind.
struct WorkerReport: Sendable {
    var leaks: [String] = []
    /// The ring's own error, or 0.
    var failure: Int32 = 0
    var causes: [Cause: UInt64] = [:]
    var accepted: UInt64 = 0
    /// Bytes that went through pipes.
    var bytesSpliced: UInt64 = 0
    /// The most blocks that were out at the end of a loop.
    var blocksMost: UInt64 = 0
}
