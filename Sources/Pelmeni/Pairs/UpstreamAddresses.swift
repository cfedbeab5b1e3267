/// What the addresses of an upstream's name mean, where there are several.
public enum UpstreamAddresses: String, CaseIterable, Sendable {
    /// One upstream: its first address that takes a connection. The others are dialled when that
    /// one fails, or does not answer within 250 ms (RFC 8305, section 5).
    case first
    /// Each address is an upstream of its own, and sessions are spread over them: the first 16 of
    /// the name, and fewer where a pair has more than four upstreams (64 in all).
    case all
}
