internal import Pelmeni

/// The same protocol with a planted bug: it takes for granted that a line feed comes together with
/// the carriage return before it.
struct HastyServer: CustomServer {
    let client: any Client
    let endpoint: Endpoint
    var options = PairOptions()
    var hooks: [HookTable] = []

    func onReceive(
        _ data: inout Buffer, _ state: inout Void, _ context: borrowing Context
    ) throws {
        while let end = data.firstIndex(of: 0x0d) {
            context.deliver(data.take(first: end))
            data.removeFirst(min(2, data.count))
        }
    }

    func protocolSend(
        _ data: consuming Buffer, _ state: inout Void, _ context: borrowing Context
    ) throws {
        try data.append("\r\n")
        context.send(data)
    }
}
