package import PelmeniCore
internal import PelmeniRuntime

/// A feature of io_uring that an engine can be told to leave unused. `pelmeni doctor` lists the
/// features by their raw values, with the first kernel that has each.
public enum IOUringFeature: String, CaseIterable, Sendable, CustomStringConvertible {
    /// Blocks lent to the kernel without a call each. Without it an engine runs on epoll.
    case bufferRings = "buffer-rings"
    /// Deadlines without an operation each. Without it an engine runs on epoll.
    case waitTimeout = "wait-timeout"
    /// One accept for many connections.
    case multishotAccept = "multishot-accept"
    /// One receive for many reads. Without it an engine with datagrams runs on epoll.
    case multishotReceive = "multishot-receive"
    /// Backpressure for multishot receives of streams.
    case receiveBounds = "receive-bounds"
    /// Completions made when the worker asks for them.
    case deferTaskRun = "defer-taskrun"
    /// One thread submits; ``deferTaskRun`` needs it.
    case singleIssuer = "single-issuer"
    /// No interrupts for completions before Linux 6.1.
    case cooperativeTaskRun = "coop-taskrun"
    /// A refused operation does not stop its batch.
    case submitAll = "submit-all"
    /// Cheaper enters.
    case ringDescriptor = "ring-descriptor"
    /// No futile read before the wait of a one-shot receive.
    case pollFirst = "poll-first"
    /// No completion for a cancel that worked.
    case skipSuccess = "skip-success"
    /// A worker that sleeps counts as idle, and not as waiting for I/O.
    case noIOWait = "no-iowait"

    /// The name on the command line and in `pelmeni doctor`.
    public var description: String { rawValue }

    /// The core's bit for it.
    var bit: IOUringFeatures {
        switch self {
        case .bufferRings: .bufferRings
        case .waitTimeout: .waitTimeout
        case .multishotAccept: .multishotAccept
        case .multishotReceive: .multishotReceive
        case .receiveBounds: .receiveBounds
        case .deferTaskRun: .deferTaskRun
        case .singleIssuer: .singleIssuer
        case .cooperativeTaskRun: .cooperativeTaskRun
        case .submitAll: .submitAll
        case .ringDescriptor: .ringDescriptor
        case .pollFirst: .pollFirst
        case .skipSuccess: .skipSuccess
        case .noIOWait: .noIOWait
        }
    }
}

extension Set<IOUringFeature> {
    /// All features that Linux 6.1 lacks: disabling them makes an engine run as on that kernel.
    public static var newerThanLinux61: Set<IOUringFeature> {
        Set(IOUringFeature.allCases.filter { IOUringFeatures.newerThan61.contains($0.bit) })
    }

    /// The core's bits for them.
    package var mask: IOUringFeatures { reduce(into: []) { $0.formUnion($1.bit) } }
}
