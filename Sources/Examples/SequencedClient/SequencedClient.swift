internal import ExampleSupport
internal import Pelmeni

/// Requests over UDP with two bytes of a number each, which the response repeats. A request without
/// a response is sent again; a late or second response is dropped.
struct SequencedClient: CustomClient {
    struct State {
        var number: UInt16 = 0
        var unanswered: [UInt16: (request: [UInt8], tries: Int)] = [:]
    }

    private static let unansweredMax = 100
    private static let triesMax = 5
    private static let patience = Duration.milliseconds(200)

    let endpoints: [Endpoint]
    var hooks: [HookTable] = []

    func makeState() throws -> State { State() }

    func protocolSend(
        _ data: consuming Buffer, _ state: inout State, _ context: borrowing Context
    ) throws {
        guard state.unanswered.count < Self.unansweredMax else { return }
        var data = data
        state.number &+= 1
        try data.prepend([UInt8(state.number >> 8), UInt8(state.number & 0xff)])
        state.unanswered[state.number] = (data.array, 1)
        context.send(data)
        context.timer(after: Self.patience)
    }

    func onReceive(
        _ data: inout Buffer, _ state: inout State, _ context: borrowing Context
    ) throws {
        guard data.count >= 2 else { return }
        let number = UInt16(data.bytes[0]) << 8 | UInt16(data.bytes[1])
        guard state.unanswered.removeValue(forKey: number) != nil else { return }
        data.removeFirst(2)
        context.deliver(data.take())
    }

    func timer(_ state: inout State, _ context: borrowing Context) throws {
        for (number, (request, tries)) in state.unanswered {
            state.unanswered[number] = tries < Self.triesMax ? (request, tries + 1) : nil
            if tries < Self.triesMax { context.send(try Buffer(request)) }
        }
        if !state.unanswered.isEmpty { context.timer(after: Self.patience) }
    }
}

/// One line of a TCP client is a request, and one line its response.
func sequencedRelay(listen: HostPort, upstream: HostPort) -> TCPServer {
    let client = SequencedClient(endpoints: [.udp(host: upstream.host, port: upstream.port)])
    return TCPServer(client, listen: listen.host, port: listen.port, framing: .line)
}
