/// The messages of a simulated world. Its random numbers are its own, so that worlds without
/// messages are the same as before there were datagrams.
final class SimulatedMessages {
    var random: SeededRandom
    var clients: [DatagramClient] = []
    var clientsByName: [UInt64: Int] = [:]
    /// The first client's row of each pair.
    var firstClients: [Int: Int] = [:]
    var sockets: [DatagramSocket] = []
    var streams: [MessageStream] = []
    /// Queues of Unix ends; below, the present queue of each upstream, by its address.
    var receivers: [UnixReceiver] = []
    var receiversByAddress: [UInt32: Int] = [:]
    /// Answers that upstreams hold back, by pair.
    var heldAnswers: [Int: [HeldAnswer]] = [:]
    /// Sends in flight, by the row of the outgoing table.
    var sends: [UInt32: DatagramSend] = [:]
    /// Messages that a datagram socket or a stream took, by identity.
    var delivered: Set<UInt64> = []
    /// Datagrams cut from streams since the last submit.
    var sentInLoop = 0
    /// Messages that the engine tried to send to an upstream at least once.
    var attempted: Set<UInt64> = []
    var books = MessageBooks()
    /// Open stream upstreams: they wait for the proxy, so the run does not wait for them.
    var waitingUpstreams = 0
    /// Completions handed out so far; below, the descriptor of the last one.
    var handed: UInt64 = 0
    var lastHanded: Int32 = -1
    /// The connected socket whose last answer was just handed out: the session has to end with it.
    var owesEnd: Int?
    /// The completion during which an answer was last handed out.
    var answerHandedAt: UInt64 = 0

    private let foreign: (scripts: ScriptBook?, plays: PlayBook?)
    /// The scripts of a program's own peers; nil in the project's worlds.
    var scripts: ScriptBook? { foreign.scripts }
    /// The programs of peers, in worlds that have such.
    var plays: PlayBook? { foreign.plays }
    /// The peers' bytes are their own, which no judge of the project's worlds knows.
    var areForeign: Bool { scripts != nil || plays != nil }

    init(seed: UInt64, scripts: ScriptBook?, plays: PlayBook?) {
        random = SeededRandom(seed: seed ^ 0x6d65_7373_6167_6573)
        foreign = (scripts, plays)
    }

    /// A name of the simulated network as one number: address and port, or the six bytes of a Unix
    /// client's name.
    static func key(_ name: UnsafeRawPointer) -> UInt64 {
        UInt64(name.loadUnaligned(fromByteOffset: 2, as: UInt16.self)) << 32
            | UInt64(name.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    }
}
