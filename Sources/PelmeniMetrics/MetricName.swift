/// The names of the metrics, which stay the same between versions. A name that ends in `_total` is
/// a counter, any other a gauge.
///
/// Labels have these values: `worker` is a worker's number, `pair` a pair's number in the order of
/// the servers, `listener` and `upstream` its endpoints (several upstreams with commas between
/// them), `cause` an ``Pelmeni/EndCause``, `reason` a ``Pelmeni/DropReason``, `hook` a hook's name
/// and `place` its number among the hooks of its pair. The sum of a counter over its labels is the
/// count in ``Pelmeni/Statistics``.
public enum MetricName: String, CaseIterable, Sendable {
    /// Accepted connections, and sessions opened by datagrams. Label `worker`.
    case sessionsAccepted = "pelmeni_sessions_accepted_total"
    /// Ended sessions. Label `cause`; every cause has its counter from the first publication on.
    case sessionsEnded = "pelmeni_sessions_ended_total"
    /// Sessions open now. Labels `pair`, `listener`, `upstream`.
    case sessionsOpen = "pelmeni_sessions_open"
    /// Sessions open now. Label `worker`.
    case workerSessionsOpen = "pelmeni_worker_sessions_open"
    /// Bytes received from clients. No label.
    case bytesToUpstream = "pelmeni_bytes_to_upstream_total"
    /// Bytes received from upstreams. No label.
    case bytesToClient = "pelmeni_bytes_to_client_total"
    /// Bytes of both directions that the kernel moved by splice(2). No label.
    case bytesSpliced = "pelmeni_bytes_spliced_total"
    /// Datagrams from clients, or cut from their streams, and sent on. Label `worker`.
    case datagramsToUpstream = "pelmeni_datagrams_to_upstream_total"
    /// Datagrams from upstreams, or cut from their streams, and sent on. Label `worker`.
    case datagramsToClient = "pelmeni_datagrams_to_client_total"
    /// Datagrams that were not sent on. Labels `worker` and `reason`; every reason has its counter
    /// from the first publication on.
    case datagramsDropped = "pelmeni_datagrams_dropped_total"
    /// Datagrams and reads of streams that came with descriptors, which are closed. No label.
    case descriptorsDropped = "pelmeni_descriptors_dropped_total"
    /// Units that a hook was called with. Labels `pair`, `hook`, `place`.
    case hookCalls = "pelmeni_hook_calls_total"
    /// Units that a hook did not forward. Labels `pair`, `hook`, `place`.
    case hookDrops = "pelmeni_hook_drops_total"
    /// Calls of a hook that lasted longer than 100 ms. Labels `pair`, `hook`, `place`.
    case hookStalls = "pelmeni_hook_stalls_total"
    /// Log entries lost to a slow sink. No label.
    case logEntriesLost = "pelmeni_log_entries_lost_total"
    /// Processor time of a worker's thread, user and system, in nanoseconds. Label `worker`.
    case workerCPU = "pelmeni_worker_cpu_nanoseconds_total"
    /// Loops of a worker. Label `worker`.
    case workerLoops = "pelmeni_worker_loops_total"
    /// Calls of a worker that submitted or waited. Label `worker`.
    case workerEnters = "pelmeni_worker_enters_total"
    /// Times that a worker paused accepting. Label `worker`.
    case workerAcceptPauses = "pelmeni_worker_accept_pauses_total"
    /// Times that a worker's listener stopped listening, with `WhenDown.refuse`. Label `worker`.
    case workerRefusals = "pelmeni_worker_refusals_total"
    /// Reads that found a worker's buffer pool empty. Label `worker`.
    case workerStarvedReads = "pelmeni_worker_starved_reads_total"
    /// Blocks of a worker's pool in use, those posted to the kernel included. Label `worker`.
    case workerBlocksLeased = "pelmeni_worker_blocks_leased"
}
