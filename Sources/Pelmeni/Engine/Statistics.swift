public import PelmeniCore
internal import PelmeniRuntime

/// Counts since an engine's start: a snapshot, sums over its workers.
public struct Statistics: Sendable {
    /// Accepted connections, and sessions opened by datagrams.
    public var accepted: UInt64 = 0
    /// Sessions open now.
    public var open: UInt64 = 0
    /// Bytes received from clients.
    public var bytesToUpstream: UInt64 = 0
    /// Bytes received from upstreams.
    public var bytesToClient: UInt64 = 0
    /// Bytes, of both directions, of long streams between TCP sockets that the kernel moved by
    /// splice(2).
    public var bytesSpliced: UInt64 = 0
    /// Datagrams received from clients, or cut from their streams, and sent on.
    public var datagramsToUpstream: UInt64 = 0
    /// Datagrams received from upstreams, or cut from their streams, and sent on.
    public var datagramsToClient: UInt64 = 0
    /// Datagrams, and reads of streams, that came with descriptors over a Unix socket
    /// (`SCM_RIGHTS`). Their bytes are sent on; the descriptors are closed.
    public var descriptorsDropped: UInt64 = 0
    /// Datagrams that were not sent on, by reason.
    public var drops: [DropReason: UInt64] = [:]
    /// Ended sessions by cause. Their sum is ``accepted`` less ``open``.
    public var causes: [EndCause: UInt64] = [:]
    /// Log entries lost because `EngineOptions.log` was too slow.
    public var logEntriesLost: UInt64 = 0
    /// The counts of each worker.
    public var workers: [WorkerStatistics] = []
    /// Sessions open on each pair now, in the order of the servers.
    public var openByPair: [Int] = []
    /// The counts of each hook: pairs in the order of the servers, each with the hooks of its
    /// server, and then those of its client.
    public var hooks: [HookStatistics] = []
}

/// Counts of one hook since the start: sums over the workers.
public struct HookStatistics: Sendable {
    /// The hook's type, or the moment of a closure.
    public var name: String
    /// The number of its pair, in the order of the servers.
    public var pair: Int
    /// Units that it was called with.
    public var calls: UInt64
    /// Units that it did not forward: dropped, replied to, or the last of a session.
    public var drops: UInt64
    /// Calls that lasted longer than 100 ms, in which all sessions of a worker waited. Each is in
    /// the log.
    public var stalls: UInt64
}
