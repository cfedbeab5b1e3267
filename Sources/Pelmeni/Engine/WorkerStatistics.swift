public import PelmeniCore
internal import PelmeniRuntime

/// Counts of one worker since the start.
public struct WorkerStatistics: Sendable {
    /// Accepted connections, and sessions opened by datagrams.
    public var accepted: UInt64
    /// Sessions open now.
    public var open: UInt64
    /// Datagrams received from clients, or cut from their streams, and sent on.
    public var datagramsToUpstream: UInt64
    /// Datagrams received from upstreams, or cut from their streams, and sent on.
    public var datagramsToClient: UInt64
    /// Datagrams that were not sent on, by reason.
    public var drops: [DropReason: UInt64]
    /// Processor time of its thread, user and system, in nanoseconds.
    public var cpuNanoseconds: UInt64
    /// Loops of the worker.
    public var loops: UInt64
    /// Calls that submitted or waited.
    public var enters: UInt64
    /// Times that accepting paused.
    public var acceptPauses: UInt64
    /// Times that a listener with ``WhenDown/refuse`` stopped listening.
    public var refusals: UInt64
    /// Reads that found the buffer pool empty.
    public var starved: UInt64
    /// Blocks in use, those posted to the kernel included.
    public var blocksLeased: UInt64
    /// The numbers of the pairs that the worker serves, in the order of the servers.
    public var pairs: [Int]
}
