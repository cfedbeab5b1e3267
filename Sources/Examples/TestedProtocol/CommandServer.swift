internal import Pelmeni

/// Each line of a client is a message for the upstream, and each message of the upstream is a line
/// for the client.
struct CommandServer: CustomServer {
    let client: any Client
    let endpoint: Endpoint
    var options = PairOptions()
    var hooks: [HookTable] = []

    func onReceive(
        _ data: inout Buffer, _ state: inout Void, _ context: borrowing Context
    ) throws {
        while let line = data.takeLine() { context.deliver(line) }
    }

    func protocolSend(
        _ data: consuming Buffer, _ state: inout Void, _ context: borrowing Context
    ) throws {
        try data.append("\r\n")
        context.send(data)
    }
}
