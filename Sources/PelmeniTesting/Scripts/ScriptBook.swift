/// The scripts of a test.
struct ScriptPlan: Sendable {
    var clients: [[PeerStep]]
    var upstreams: [[PeerStep]]
    /// Nanoseconds that a step may wait.
    var patience: UInt64
    var pace = Pace.byChance

    /// How the peers of streams write.
    enum Pace: Sendable {
        case atOnce
        case byChance
        /// A byte at a time, each once the one before it was read.
        case bytewise
    }

    /// Bytes of all that is sent and expected.
    var bytes: Int {
        (clients + upstreams).joined().reduce(0) {
            switch $1.action {
            case .send(let bytes), .expect(let bytes): $0 + bytes.count
            default: $0
            }
        }
    }
}

/// One peer's script, as far as it has come.
struct ScriptRun {
    let isClient: Bool
    /// The number of the script; -1 of an upstream whose script its first bytes will tell.
    var script = -1
    var steps: [PeerStep] = []
    /// The present step.
    var index = 0
    /// The end of the present pause, or 0.
    var pausedUntil: UInt64 = 0
    var isOver = false

    /// All bytes that the peer has sent or will, and all that came; of a stream.
    var sent: [UInt8] = []
    var came: [UInt8] = []
    /// Bytes, or messages, that steps took.
    var taken = 0
    /// Bytes behind them that the present step has found equal.
    var equal = 0
    /// The script is over, and the stream has no end before the run's: the other side of the pair
    /// has datagrams.
    var awaitsRunEnd = false

    // The same of datagrams.
    var sentMessages: [[UInt8]] = []
    var cameMessages: [[UInt8]] = []

    init(isClient: Bool) { self.isClient = isClient }

    var name: String { "\(isClient ? "client" : "upstream") \(max(0, script))" }
    var step: PeerStep? { index < steps.count ? steps[index] : nil }
    /// The script is still to be told by the first bytes.
    var isUndecided: Bool { script < 0 }
}

/// The scripts of one run, and its first failure. It belongs to one seed.
final class ScriptBook {
    /// The script that the first bytes of a connection choose.
    enum Choice {
        case one(Int)
        case none
        /// More bytes have to come.
        case later
    }

    let plan: ScriptPlan
    let seed: UInt64
    var runs: [ScriptRun] = []
    /// The runs of the peers of streams, of clients of datagrams, and of upstreams' sockets.
    var ofPeers: [Int: Int] = [:]
    var ofClients: [Int: Int] = [:]
    var ofFlows: [Int: Int] = [:]
    /// Scripts of upstreams that have not begun; the run waits for them.
    var unused: [Int]
    var failure: ScriptFailure?

    init(_ plan: ScriptPlan, seed: UInt64) {
        self.plan = plan
        self.seed = seed
        unused = plan.upstreams.indices.filter { !plan.upstreams[$0].isEmpty }
    }

    /// The script of an upstream whose bytes, or first message, begin this way.
    func choice(for came: ArraySlice<UInt8>, isMessage: Bool) -> Choice {
        var mayCome = false
        for number in unused {
            guard case .expect(let bytes)? = plan.upstreams[number].first?.action else { continue }
            if isMessage ? came.elementsEqual(bytes) : came.starts(with: bytes) {
                return .one(number)
            }
            mayCome = mayCome || (!isMessage && bytes.starts(with: came))
        }
        return mayCome ? .later : .none
    }
}
