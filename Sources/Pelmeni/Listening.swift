/// A listener that accepts.
public struct Listening: Sendable, Equatable, CustomStringConvertible {
    /// With the real port: `tcp://127.0.0.1:40123`.
    public var server: String
    /// `tcp://127.0.0.1:9000`, or several with commas.
    public var upstream: String
    /// The real port, for TCP and UDP.
    public var port: UInt16?
    /// The workers that serve it; nil is all.
    public var workers: [Int]?

    /// `tcp://127.0.0.1:40123 -> tcp://127.0.0.1:9000 on=0,1`.
    public var description: String {
        var text = "\(server) -> \(upstream)"
        if let workers { text += " on=" + workers.map(String.init).joined(separator: ",") }
        return text
    }
}
