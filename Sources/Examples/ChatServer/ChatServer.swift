internal import ExampleSupport
internal import Pelmeni

/// A chat of lines over TCP. The server handles commands by the guest's own state; all other lines
/// go to the hub, and what the hub says is a line for the guest.
struct ChatServer: CustomServer {
    /// Bytes of the longest line: a guest that sends a longer one is closed.
    static var restMax: Int { 4096 }

    let client: any Client
    let endpoint: Endpoint
    var options = PairOptions()
    var hooks: [HookTable] = []
    let room = ChatRoom()

    func makeState() throws -> String { room.enter() }

    func opened(_ nick: inout String, _ context: borrowing Context) throws {
        context.send(try Buffer("* you are \(nick): /nick NAME, /who, /quit\n"))
        context.deliver(try Buffer("+ \(nick) is here"))
    }

    func onReceive(
        _ data: inout Buffer, _ nick: inout String, _ context: borrowing Context
    ) throws {
        // A line gives at most three commands. What is left is offered again.
        while context.room >= 3, let line = data.takeLine() {
            try handle(line.text, &nick, context)
        }
    }

    private func handle(
        _ line: String, _ nick: inout String, _ context: borrowing Context
    ) throws {
        let words = line.split(separator: " ", maxSplits: 1)
        switch words.first {
        case nil: return
        case "/who": context.send(try Buffer("* here: \(room.list)\n"))
        case "/quit": try leave(&nick, context)
        case "/nick":
            guard words.count == 2, room.rename(nick, to: String(words[1])) else {
                return context.send(try Buffer("* that name is not free\n"))
            }
            context.deliver(try Buffer("* \(nick) is now \(words[1])"))
            nick = String(words[1])
        case let word? where word.hasPrefix("/"):
            context.send(try Buffer("* no command \(word)\n"))
        default: context.deliver(try Buffer("\(nick): \(line)"))
        }
    }

    func protocolSend(
        _ data: consuming Buffer, _ nick: inout String, _ context: borrowing Context
    ) throws {
        var data = data
        try data.append("\n")
        context.send(data)
    }

    func ended(
        _ rest: consuming Buffer, _ nick: inout String, _ context: borrowing Context
    ) throws {
        try leave(&nick, context)
    }

    /// Everything sent and delivered before goes out.
    private func leave(_ nick: inout String, _ context: borrowing Context) throws {
        context.send(try Buffer("* bye\n"))
        context.deliver(try Buffer("- \(nick) has left"))
        context.end()
        room.leave(nick)
        nick = ""
    }

    func closing(_ cause: EndCause, _ nick: inout String, _ context: borrowing Context) {
        room.leave(nick)
    }
}

func chatServer(listen: HostPort, hub: HostPort) -> ChatServer {
    ChatServer(
        client: UDPClient(hub.host, port: hub.port),
        endpoint: .tcp(host: listen.host, port: listen.port))
}
