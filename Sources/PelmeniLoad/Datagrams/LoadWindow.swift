internal import PelmeniCore
internal import PelmeniRuntime

/// The stages of a datagram load: opening, warming up, measuring, and the end.
struct LoadWindow {
    private let warmUp: UInt64
    private let length: UInt64
    private(set) var stage = LoadStage.opening
    private var began: UInt64 = 0
    /// The end of the stage.
    private(set) var end: UInt64

    /// - Parameter limit: the longest time for opening.
    init(warmUp: UInt64, length: UInt64, limit: UInt64, now: UInt64) {
        self.warmUp = warmUp
        self.length = length
        end = now &+ limit
    }

    /// All sockets are open.
    mutating func warm(_ now: UInt64) {
        stage = .warmingUp
        end = now &+ warmUp
    }

    mutating func begin(_ now: UInt64) {
        stage = .measuring
        began = now
        end = now &+ length
    }

    /// - Returns: the length of the measurement.
    mutating func close(_ now: UInt64) -> UInt64 {
        let measured = stage == .measuring ? min(now &- began, length) : 0
        stage = .ending
        end = .max
        return measured
    }
}
