internal import PelmeniCore
public import PelmeniRuntime

/// An engine's open listener, which accepts.
public struct Listener: Sendable, Equatable, CustomStringConvertible {
    /// The listener's endpoint, with the real address and port.
    public let endpoint: Endpoint
    /// The endpoints that its pair forwards to, in order.
    public let upstreams: [Endpoint]
    /// The workers that serve its pair; nil is all.
    public let workers: [Int]?

    /// The real port of a TCP or UDP listener, else nil.
    public var port: UInt16? { endpoint.port }

    /// `tcp://127.0.0.1:40123 -> tcp://127.0.0.1:9000 on=0,1`: one line, of URLs that the command
    /// takes.
    public var description: String {
        let others = upstreams.dropFirst().map { ",\($0)" }.joined()
        var text = "\(endpoint.url) -> \(upstreams.first?.url ?? "")\(others)"
        if let workers { text += " on=" + workers.map(String.init).joined(separator: ",") }
        return text
    }
}
