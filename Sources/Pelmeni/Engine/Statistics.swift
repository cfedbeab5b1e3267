public import PelmeniCore
internal import PelmeniRuntime

/// What an engine has done so far: a snapshot, sums over its workers.
public struct Statistics: Sendable {
    /// Connections accepted, and sessions that datagrams opened.
    public var accepted: UInt64 = 0
    /// Sessions open now.
    public var open: UInt64 = 0
    /// Bytes received from clients.
    public var bytesToUpstream: UInt64 = 0
    /// Bytes received from upstreams.
    public var bytesToClient: UInt64 = 0
    /// Of both, those of long streams between TCP sockets that the kernel moved itself, by
    /// splice(2).
    public var bytesSpliced: UInt64 = 0
    /// Datagrams received from clients, or cut from their streams, and sent on.
    public var datagramsToUpstream: UInt64 = 0
    /// Datagrams received from upstreams, or cut from their streams, and sent on.
    public var datagramsToClient: UInt64 = 0
    /// Datagrams that were not sent on, by reason.
    public var drops: [DropReason: UInt64] = [:]
    /// How sessions ended. The sum is what was accepted less what is open.
    public var causes: [EndCause: UInt64] = [:]
    /// Log entries that were lost because `EngineOptions.log` took them too slowly.
    public var logEntriesLost: UInt64 = 0
    /// Each worker's part.
    public var workers: [WorkerStatistics] = []
    /// Sessions open on each pair now, in the order of the servers.
    public var openByPair: [Int] = []
}
