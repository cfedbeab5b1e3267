package import PelmeniCore

/// The actions of the ends of a pair with datagrams on at least one side.
package struct SimulatedMessagePlan: Sendable {
    package var kind: PairKind
    /// Whether each side is a Unix socket; otherwise TCP or UDP.
    package var listensOnUnix = false
    package var forwardsToUnix = false
    package var upstreams: [[SimulatedDestination.Mood]] = [[.accepts]]
    private var ends: (client: Framing, upstream: Framing?) = (.u16be, nil)
    package var framing: Framing {
        get { ends.client }
        set { ends.client = newValue }
    }
    /// The framing of the upstream's stream, between two streams; nil is the same one.
    package var upstreamFraming: Framing? {
        get { ends.upstream }
        set { ends.upstream = newValue }
    }
    package var maxFrame = 64 << 10
    package var requests: UInt32 = 0
    package var responses: UInt32 = 0
    package var tellsLocal = false
    package var deadlines = Deadlines()

    // The ends.
    package var clients = 1
    /// Messages of each client.
    package var messages = 10
    /// Messages sent at once, at most.
    package var burst = 1
    /// The rate of trains, in 65536ths.
    package var trains: UInt32 = 0
    /// Lengths of messages, chosen at random.
    package var sizes = [100]
    package var answerSizes = [100]
    package var hasEmpty = false
    /// Lengths of messages in order, both ways; random when empty.
    package var lengths: [Int] = []
    /// The longest pause between a client's bursts, in nanoseconds.
    package var gap = 1_000_000
    /// A client is silent for this long in the middle of its messages; 0 is never.
    package var silence: UInt64 = 0
    /// Answers to each message, at most; exactly this many where the pair counts them.
    package var answers = 1
    /// Messages after which a client waits for all their answers; 0 is never.
    package var turn = 0
    /// Messages that the upstream collects before it answers them, the last one first; 0 is none.
    package var answersAfter = 0
    package var clientEnd = StreamEnd.atOnce
    /// A stream upstream ends after this many answers; 0 is never.
    package var upstreamStopsAfter = 0
    package var upstreamEnd = StreamEnd.atOnce
    package var cut = SimulatedCut.byChance
    /// Every third client's socket has no name: only with Unix sockets.
    package var hasNameless = false
    /// Unix datagram clients close their sockets after their last message.
    package var clientsLeave = false
    /// The longest time between two reads of a Unix end, in nanoseconds; between two streams, the
    /// longest time before an end reads at all.
    package var readGap = 1000

    // The network.
    /// Datagrams that a socket's buffer holds.
    package var socketBuffer = 64
    /// The same for the socket of a Unix end.
    package var peerBuffer = 10
    /// The route takes no train.
    package var refusesTrains = false
    /// Bytes of the longest datagram on the route.
    package var longest = 65_507
    /// No socket listens at the upstream between these times.
    package var refusesFrom: UInt64 = .max
    package var refusesUntil: UInt64 = 0

    package init(kind: PairKind) { self.kind = kind }

    package var listensForDatagrams: Bool { kind.hasNamedClient }
    package var countsAnswers: Bool { responses != 0 || turn > 0 || answersAfter > 0 }

    package func framing(ofClient: Bool) -> Framing {
        ofClient ? framing : upstreamFraming ?? framing
    }

    /// Both framings, or the same one twice.
    var framings: [Framing] { [framing, upstreamFraming ?? framing] }

    /// The byte that ends a message on the stream side, or on either one.
    var delimiter: UInt8? { delimiter(ofClient: true) ?? delimiter(ofClient: false) }

    func delimiter(ofClient: Bool) -> UInt8? {
        guard kind != .datagrams else { return nil }
        return switch framing(ofClient: ofClient) {
        case .line: 0x0a
        case .delimiter(let byte): byte
        default: nil
        }
    }

    /// The reads of the stream cut its messages.
    var isRaw: Bool { kind != .datagrams && framing == .raw }
    /// A length in digits, which cannot be 0, stands before each message of a stream.
    var hasCounted: Bool { framings.contains(.octetCount) || framings.contains(.syslog) }
    /// The stream does not show the end of a message.
    var isUnmarked: Bool { kind != .datagrams && (framing == .raw || framing == .eof) }

    func isNameless(_ client: Int) -> Bool {
        hasNameless && listensOnUnix && listensForDatagrams && client % 3 == 0
    }

    /// Whether the other end's framing has no form for some message of a peer of two streams.
    func hasUnwritable(ofClient: Bool) -> Bool {
        guard kind == .framedStreams, !lengths.isEmpty else { return false }
        return switch framing(ofClient: !ofClient) {
        case .u16be: lengths.contains { $0 > 0xffff }
        case .fixed(let size): lengths.contains { $0 != size }
        default: false
        }
    }

    /// The longest message of a peer.
    func sizeMost(isResponse: Bool) -> Int {
        (lengths.isEmpty ? isResponse ? answerSizes : sizes : lengths).max() ?? 0
    }
}

extension SimulatedMessagePlan: CustomStringConvertible {
    package var description: String {
        let unix =
            listensOnUnix ? forwardsToUnix ? "both " : "here " : forwardsToUnix ? "there " : ""
        let other = upstreamFraming.map { " to \($0)" } ?? ""
        return
            "\(kind) \(unix.isEmpty ? "" : "Unix \(unix)")\(framing)\(other), \(clients) × \(messages),"
            + " sizes \(sizes) \(answerSizes) \(lengths), requests \(requests), responses"
            + " \(responses), answers \(answers), \(clientEnd), \(upstreamStopsAfter)"
            + " \(upstreamEnd), gap \(gap) \(readGap),"
            + " upstreams \(upstreams), buffers \(socketBuffer) \(peerBuffer)"
    }
}
