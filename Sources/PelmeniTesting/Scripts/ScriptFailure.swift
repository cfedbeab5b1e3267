/// Why a seed of a ``ScriptedTest`` failed.
public struct ScriptFailure: Error, Sendable, Equatable {
    /// The seed that failed. The same test run with it fails in the same way.
    public let seed: UInt64
    /// The peer, `client 0` or `upstream 0`: its number is that of its script. Nil when the engine
    /// broke a rule of its own: something was not released, or a call was wrong.
    public package(set) var peer: String?
    /// The step of the peer's script, from 0 on; the number of its steps behind the last one.
    public package(set) var step: Int?
    /// The step as ``PeerStep/description`` has it.
    public package(set) var stepText: String?
    /// What happened instead.
    public package(set) var reason: String
    /// The bytes that came and that no step took, if there were any.
    public package(set) var received: [UInt8] = []
    /// The first sessions that a hook, a protocol or a bad frame closed, and why: `the hook
    /// Redactor: …`. Often that is the cause of the failure.
    public package(set) var closed: [String] = []

    package init(seed: UInt64, reason: String) {
        self.seed = seed
        self.reason = reason
    }
}

extension ScriptFailure: CustomStringConvertible {
    /// One line: seed, peer, step, what came, and how to repeat it.
    public var description: String {
        var text = "seed \(seed): "
        if let peer { text += "\(peer), " }
        if let step { text += "step \(step), " }
        if let stepText { text += "\(stepText): " }
        text += reason
        if !received.isEmpty { text += "; came: \(ScriptBytes.full(received))" }
        if !closed.isEmpty { text += "; closed by \(closed.joined(separator: "; "))" }
        return text + " (to repeat it: run(seed: \(seed)) { print($0) })"
    }
}
