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
}
