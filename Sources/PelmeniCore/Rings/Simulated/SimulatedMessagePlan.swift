/// What the ends of a pair with datagrams on at least one side do.
package struct SimulatedMessagePlan: Sendable {
    /// How a stream client of messages ends.
    package enum ClientEnd: UInt8, CaseIterable, Sendable {
        /// Its stream ends once all is sent.
        case atOnce
        /// It waits for the proxy to end it.
        case never
        case resets
        /// Its stream ends in the middle of a message.
        case cutShort
        /// What follows its messages is no frame.
        case badFrame
    }

    package var kind: SessionKind
    package var upstreams: [[SimulatedDestination.Mood]] = [[.accepts]]
    package var framing = Framing.u16be
    package var requests: UInt32 = 0
    package var responses: UInt32 = 0
    package var tellsLocal = false
    package var deadlines = Deadlines()

    // The ends.
    package var clients = 1
    /// Messages of each client.
    package var messages = 10
    /// Of them at once, at the most.
    package var burst = 1
    /// How often several come as one train, in 65536ths.
    package var trains: UInt32 = 0
    /// Lengths of messages, by chance.
    package var sizes = [100]
    package var answerSizes = [100]
    package var hasEmpty = false
    /// Between a client's bursts, in nanoseconds, at the most.
    package var gap = 1_000_000
    /// A client is silent for this long in the middle of its messages; 0 is never.
    package var silence: UInt64 = 0
    /// Answers to each message, at the most; exactly that many where the pair counts them.
    package var answers = 1
    package var clientEnd = ClientEnd.atOnce
    /// A stream upstream ends, or resets, after so many answers; 0 is never.
    package var upstreamStopsAfter = 0
    package var upstreamResets = false

    // The network.
    /// Datagrams that a socket's buffer holds.
    package var socketBuffer = 64
    /// The route takes no train of any size.
    package var refusesTrains = false
    /// Bytes of the longest datagram that the route takes.
    package var longest = 65_507
    /// Nobody listens at the upstream between these times.
    package var refusesFrom: UInt64 = .max
    package var refusesUntil: UInt64 = 0

    package init(kind: SessionKind) { self.kind = kind }

    package var listensForDatagrams: Bool { kind.hasNamedClient }
    package var countsAnswers: Bool { responses != 0 }
}

extension SimulatedMessagePlan: CustomStringConvertible {
    package var description: String {
        "\(kind) \(framing), \(clients) × \(messages), sizes \(sizes), requests \(requests),"
            + " responses \(responses), answers \(answers), \(clientEnd)"
    }
}
