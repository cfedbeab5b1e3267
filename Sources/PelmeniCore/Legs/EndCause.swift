/// Why a session ended. Each accepted session has exactly one cause.
public enum EndCause: UInt8, CaseIterable, Sendable, CustomStringConvertible {
    /// Both directions ended and everything was delivered.
    case completed
    /// The client reset the connection.
    case clientReset
    /// The upstream reset the connection.
    case upstreamReset
    /// No upstream accepted: the last one tried refused.
    case connectRefused
    /// No upstream accepted in time.
    case connectTimeout
    /// No upstream could be reached: no route, no address, no socket.
    case noUpstream
    /// No upstream's name has an address.
    case resolveFailed
    /// Neither side sent a byte in time.
    case firstByte
    /// No byte moved in either direction for the idle time.
    case idle
    /// One side had ended, and the other one was silent for the linger time.
    case linger
    /// A side took no byte for the stall time while bytes waited for it.
    case sendStalled
    /// The buffer pool was exhausted, and this session had gone longest without progress.
    case pool
    /// Over the session limit of the pair or the engine, or no descriptor was left.
    case limit
    /// A hook closed the session.
    case hook
    /// A frame could not be cut from the stream.
    case badFrame
    /// A message broke its protocol.
    case protocolError
    /// The drain deadline or a stop cut the session.
    case drainCut
    /// An error that Pelmeni does not expect.
    case `internal`

    /// The name in logs, statistics and the summary line: `client_reset`, say.
    public var description: String {
        switch self {
        case .completed: "completed"
        case .clientReset: "client_reset"
        case .upstreamReset: "upstream_reset"
        case .connectRefused: "connect_refused"
        case .connectTimeout: "connect_timeout"
        case .noUpstream: "no_upstream"
        case .resolveFailed: "resolve_failed"
        case .firstByte: "first_byte"
        case .idle: "idle"
        case .linger: "linger"
        case .sendStalled: "send_stalled"
        case .pool: "pool"
        case .limit: "limit"
        case .hook: "hook"
        case .badFrame: "bad_frame"
        case .protocolError: "protocol_error"
        case .drainCut: "drain_cut"
        case .internal: "internal"
        }
    }
}
