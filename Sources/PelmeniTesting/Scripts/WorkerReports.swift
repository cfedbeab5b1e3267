internal import PelmeniCore

/// What a worker reports while it runs: points of the simulation, and why sessions were closed.
final class WorkerReports {
    private let points: UnsafeMutablePointer<UInt64>
    private let hooks: HookMemory
    /// The first sessions that a hook, a protocol or a bad frame closed.
    private(set) var closed: [String] = []

    private static var closedMax: Int { 3 }

    /// - Parameters:
    ///   - points: see ``SimulatedKernel``.
    ///   - hooks: know the hook that ran last.
    init(points: UnsafeMutablePointer<UInt64>, hooks: HookMemory) {
        self.points = points
        self.hooks = hooks
    }

    /// Reports of a worker that this object outlives.
    var events: WorkerEvents {
        WorkerEvents(
            receiver: { context, kind, _, _, _, _, error, _ in
                guard let context, let kind = WorkerEvent.Kind(rawValue: kind) else { return }
                Unmanaged<WorkerReports>.fromOpaque(context).takeUnretainedValue()
                    .take(kind, error)
            }, context: Unmanaged.passUnretained(self).toOpaque())
    }

    private func take(_ kind: WorkerEvent.Kind, _ error: Int32) {
        var text: String?
        switch kind {
        case .upstreamRecovered: points[SimulatedPoint.upstreamRecovered.rawValue] += 1
        case .hookClosed: text = "the hook \(hooks.running): \(hooks.reason)"
        case .driverFailed: text = "the protocol \(hooks.running): \(hooks.reason)"
        case .badFrame:
            text = "a bad frame" + (FrameError.reported(error).map { ": \($0.text)" } ?? "")
        default: break
        }
        if let text, closed.count < Self.closedMax { closed.append(text) }
    }
}
