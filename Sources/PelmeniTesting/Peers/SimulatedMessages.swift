/// Everything about messages in a simulated world. Its random numbers are its own, so that worlds
/// without any are what they were before there were datagrams.
final class SimulatedMessages {
    var random: SeededRandom
    var clients: [DatagramClient] = []
    var clientsByName: [UInt64: Int] = [:]
    /// The first client's row of each pair.
    var firstClients: [Int: Int] = [:]
    var sockets: [DatagramSocket] = []
    var streams: [MessageStream] = []
    /// Queues of Unix ends, and which one is an upstream's now, by its address.
    var receivers: [UnixReceiver] = []
    var receiversByAddress: [UInt32: Int] = [:]
    /// Answers that upstreams hold back, by pair.
    var heldAnswers: [Int: [HeldAnswer]] = [:]
    /// Sends in flight, by the row of what they send.
    var sends: [UInt32: DatagramSend] = [:]
    /// Messages that a socket of datagrams or a stream took, by identity.
    var delivered: Set<UInt64> = []
    /// Datagrams that streams became since the last submit.
    var sentInLoop = 0
    /// Messages that the engine tried to send to an upstream at least once.
    var attempted: Set<UInt64> = []
    var books = MessageBooks()
    /// Stream upstreams that are open: they wait for the proxy, so nobody waits for them.
    var waitingUpstreams = 0
    /// Completions handed out so far, and the descriptor of the last one.
    var handed: UInt64 = 0
    var lastHanded: Int32 = -1
    /// The connected socket whose last answer has just been handed out: the session has to end on
    /// it.
    var owesEnd: Int?
    /// During which completion an answer was last handed out.
    var answerHandedAt: UInt64 = 0

    init(seed: UInt64) { random = SeededRandom(seed: seed ^ 0x6d65_7373_6167_6573) }

    /// A name of the simulated network, as one number: address and port, or the six bytes that Unix
    /// clients' names have.
    static func key(_ name: UnsafeRawPointer) -> UInt64 {
        UInt64(name.loadUnaligned(fromByteOffset: 2, as: UInt16.self)) << 32
            | UInt64(name.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    }
}
