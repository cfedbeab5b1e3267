internal import CPelmeni
package import PelmeniCore

/// The descriptors of this process, and what an engine keeps of them for other things than
/// sessions. Values only.
package struct DescriptorBudget: Equatable, Sendable {
    /// Fewer sessions are a mistake rather than a small machine: the usual limit of 1,024 has room
    /// for some hundreds.
    package static let sessionsMin = 64
    /// A worker's ring, its reserve and its poller.
    private static let ofWorker = 3
    /// A listener, and the event that wakes a worker: of each worker, for a report without them.
    private static let unopenedOfWorker = 2

    /// RLIMIT_NOFILE in force, and how far this process may raise it.
    package let limit: Int
    package let hardLimit: Int
    /// Open now.
    package let used: Int
    /// Not for sessions: of workers, of lookups, and of the process itself.
    package let kept: Int
    /// Pipes of each worker.
    package let pipes: Int

    /// - Parameters:
    ///   - limit: RLIMIT_NOFILE as an engine will have it.
    ///   - lookups: of names at once.
    package init(limit: Int, hardLimit: Int, used: Int, workers: Int, lookups: Int) {
        self.limit = limit
        self.hardLimit = hardLimit
        self.used = used
        pipes = min(Limits.pipesMax, limit / Limits.descriptorsForPipe / max(1, workers))
        kept =
            min(EngineConfiguration.descriptorsKept, limit / 4)
            + (Self.ofWorker + 2 * pipes) * workers
            + min(lookups * LookupQueue.descriptorsOfLookup, limit / 4)
    }

    /// With the listeners of an engine open, and its limit raised.
    package static func now(workers: Int, lookups: Int) -> DescriptorBudget {
        let (soft, hard) = limits()
        return DescriptorBudget(
            limit: soft, hardLimit: hard, used: open, workers: workers, lookups: lookups)
    }

    /// For one listener, as an engine of this process would have it.
    package static func expected(workers: Int) -> DescriptorBudget {
        let (_, hard) = limits()
        return DescriptorBudget(
            limit: hard, hardLimit: hard, used: open + unopenedOfWorker * workers,
            workers: workers, lookups: 0)
    }

    private static var open: Int { max(0, Int(pelmeni_descriptors_open())) }

    private static func limits() -> (soft: Int, hard: Int) {
        var soft: UInt64 = 0
        var hard: UInt64 = 0
        _ = pelmeni_descriptor_limit(&soft, &hard)
        return (Int(clamping: soft), Int(clamping: hard))
    }

    package func shares(hasStreams: Bool, hasDatagrams: Bool) -> SessionShares {
        SessionShares(
            descriptors: limit - used - kept, limit: limit, hasStreams: hasStreams,
            hasDatagrams: hasDatagrams)
    }

    /// Sessions of the kind that has the least room.
    package func sessions(hasStreams: Bool, hasDatagrams: Bool) -> Int {
        let shares = shares(hasStreams: hasStreams, hasDatagrams: hasDatagrams)
        let streams = hasStreams ? shares.streamRoom(streams: 0, datagrams: 0) : .max
        return Int(min(streams, hasDatagrams ? shares.datagramsMax : .max))
    }

    /// How to get more.
    package var remedy: String {
        limit < hardLimit
            ? "raise RLIMIT_NOFILE up to its hard limit, \(hardLimit) (`ulimit -n \(hardLimit)`)"
            : "raise RLIMIT_NOFILE with its hard limit: `ulimit -Hn` as root, LimitNOFILE= of "
                + "systemd, the nofile limit of a container"
    }
}
