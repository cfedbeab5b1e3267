/// What a pair is to do: where it listens, where it forwards, and within which bounds.
package struct PairPlan: Sendable {
    package var listen: Place
    package var upstreams: [Place]
    package var deadlines: Deadlines
    package var options: SocketOptions
    /// Sessions at once; 0 is the engine's limit alone.
    package var sessionsMax: Int
    /// Workers that serve it; nil is all.
    package var workers: [Int]?
    /// Of a Unix socket's file.
    package var mode: UInt16
    /// How messages are cut from the stream side of a pair, where the other side is one of
    /// datagrams.
    package var messages: MessagePlan
    /// Of UDP sockets, the listeners' and those of sessions.
    package var receiveBuffer: ReceiveBuffer

    package init(
        listen: Place, upstreams: [Place], deadlines: Deadlines = Deadlines(),
        options: SocketOptions = SocketOptions(), sessionsMax: Int = 0, workers: [Int]? = nil,
        mode: UInt16 = 0o600, messages: MessagePlan = MessagePlan(),
        receiveBuffer: ReceiveBuffer = ReceiveBuffer()
    ) {
        self.listen = listen
        self.upstreams = upstreams
        self.deadlines = deadlines
        self.options = options
        self.sessionsMax = sessionsMax
        self.workers = workers
        self.mode = mode
        self.messages = messages
        self.receiveBuffer = receiveBuffer
    }

    package var listensForDatagrams: Bool { listen.isDatagram }
    package var forwardsDatagrams: Bool { upstreams.first?.isDatagram ?? false }
    /// Datagrams cross at least one side.
    package var servesDatagrams: Bool { listensForDatagrams || forwardsDatagrams }

    /// The upstream URL as the `listening` line shows it.
    package var upstreamDescription: String {
        let scheme = upstreams.first?.scheme ?? "tcp"
        return "\(scheme)://" + upstreams.map(\.description).joined(separator: ",")
    }
}
