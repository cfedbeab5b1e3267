import Testing

@testable import PelmeniCore

/// A ring that the conformance suite runs over.
enum RingChoice: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case epoll
    case uring
    case uring61 = "uring, as kernel 6.1 has it"
    case uringNoDefer = "uring without defer-taskrun"
    case simulated

    var testDescription: String { rawValue }

    private static let probe = IOUringProbe.run(without: [])

    /// Rings over real sockets that this machine grants.
    static let real = allCases.filter { $0 != .simulated && $0.isGranted }
    static let granted = allCases.filter(\.isGranted)

    var isGranted: Bool {
        switch self {
        case .epoll, .simulated: true
        case .uring, .uring61, .uringNoDefer: Self.probe.verdict == .granted
        }
    }

    /// The io_uring features of this choice.
    var features: IOUringFeatures {
        switch self {
        case .uring61: Self.probe.features.subtracting(.newerThan61)
        case .uringNoDefer: Self.probe.features.subtracting(.deferTaskRun)
        case .uring, .epoll, .simulated: Self.probe.features
        }
    }
}
