internal import CPelmeni

/// The features of io_uring that this machine grants, without the masked ones.
package struct IOUringFeatures: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let submitAll = IOUringFeatures(rawValue: PELMENI_FEATURE_SUBMIT_ALL)
    package static let cooperativeTaskRun = IOUringFeatures(rawValue: PELMENI_FEATURE_COOP_TASKRUN)
    package static let singleIssuer = IOUringFeatures(rawValue: PELMENI_FEATURE_SINGLE_ISSUER)
    package static let deferTaskRun = IOUringFeatures(rawValue: PELMENI_FEATURE_DEFER_TASKRUN)
    package static let bufferRings = IOUringFeatures(rawValue: PELMENI_FEATURE_BUFFER_RINGS)
    package static let multishotAccept = IOUringFeatures(rawValue: PELMENI_FEATURE_MULTISHOT_ACCEPT)
    package static let multishotReceive = IOUringFeatures(
        rawValue: PELMENI_FEATURE_MULTISHOT_RECEIVE)
    package static let receiveBounds = IOUringFeatures(rawValue: PELMENI_FEATURE_RECEIVE_BOUNDS)
    package static let ringDescriptor = IOUringFeatures(rawValue: PELMENI_FEATURE_RING_DESCRIPTOR)
    package static let pollFirst = IOUringFeatures(rawValue: PELMENI_FEATURE_POLL_FIRST)
    package static let waitTimeout = IOUringFeatures(rawValue: PELMENI_FEATURE_WAIT_TIMEOUT)
    package static let skipSuccess = IOUringFeatures(rawValue: PELMENI_FEATURE_SKIP_SUCCESS)
    package static let noIOWait = IOUringFeatures(rawValue: PELMENI_FEATURE_NO_IOWAIT)

    /// A feature's name on the command line, its first kernel, and its purpose.
    package struct Description: Sendable {
        package let feature: IOUringFeatures
        package let name: String
        package let kernel: String
        package let purpose: String
        /// Pelmeni does not use io_uring without this feature.
        package let isNeeded: Bool
    }

    /// In the order of `doctor`.
    package static let descriptions: [Description] = [
        .init(
            feature: .bufferRings, name: "buffer-rings", kernel: "5.19",
            purpose: "blocks are lent to the kernel without a call each", isNeeded: true),
        .init(
            feature: .waitTimeout, name: "wait-timeout", kernel: "5.11",
            purpose: "deadlines without an operation each", isNeeded: true),
        .init(
            feature: .multishotAccept, name: "multishot-accept", kernel: "5.19",
            purpose: "one accept for many connections", isNeeded: false),
        .init(
            feature: .multishotReceive, name: "multishot-receive", kernel: "6.0",
            purpose: "one receive for many reads (used only with receive-bounds)", isNeeded: false),
        .init(
            feature: .receiveBounds, name: "receive-bounds", kernel: "6.17",
            purpose: "backpressure for multishot receives", isNeeded: false),
        .init(
            feature: .deferTaskRun, name: "defer-taskrun", kernel: "6.1",
            purpose: "completions are made when the worker asks for them", isNeeded: false),
        .init(
            feature: .singleIssuer, name: "single-issuer", kernel: "6.0",
            purpose: "one thread submits; needed by defer-taskrun", isNeeded: false),
        .init(
            feature: .cooperativeTaskRun, name: "coop-taskrun", kernel: "5.19",
            purpose: "no interrupts for completions before 6.1", isNeeded: false),
        .init(
            feature: .submitAll, name: "submit-all", kernel: "5.18",
            purpose: "a refused operation does not stop its batch", isNeeded: false),
        .init(
            feature: .ringDescriptor, name: "ring-descriptor", kernel: "5.18",
            purpose: "cheaper enters", isNeeded: false),
        .init(
            feature: .pollFirst, name: "poll-first", kernel: "5.19",
            purpose: "no futile read before the wait of a one-shot receive", isNeeded: false),
        .init(
            feature: .skipSuccess, name: "skip-success", kernel: "5.17",
            purpose: "no completion for a cancel that worked", isNeeded: false),
        .init(
            feature: .noIOWait, name: "no-iowait", kernel: "6.15",
            purpose: "a sleeping worker counts as idle, not as waiting for I/O", isNeeded: false),
    ]

    /// The features that kernel 6.1, Debian 12's own kernel, lacks.
    package static let newerThan61: IOUringFeatures = [.receiveBounds, .noIOWait]
}
