internal import ExampleSupport
internal import Pelmeni

/// Logs the commands of a session, and answers some of them itself: with an error, in the place of
/// the response that Redis would have sent.
///
/// A guard against mistakes. Redis's own access lists also hold for scripts.
struct RedisGuard: BeforeForward, BeforeRespond {
    /// Refusals that wait for responses to earlier commands.
    private static let waitingMax = 1000

    /// Names of refused commands, in capitals.
    let refused: Set<String>
    let print: LinePrinter
    private var asked = 0
    private var answered = 0
    /// For each refusal that waits, the number of the response that it follows.
    private var waiting: [Int] = []

    init(refused: Set<String>, print: LinePrinter) {
        self.refused = refused
        self.print = print
    }

    mutating func beforeForward(
        _ data: inout Buffer, _ session: borrowing Session
    ) throws -> Verdict {
        // Redis does not answer an empty line.
        guard let name = Self.commandName(data) else { return .forward }
        guard refused.contains(name) else {
            print("\(session.client) \(name)")
            asked += 1
            return .forward
        }
        print("\(session.client) \(name) refused")
        guard answered < asked else { return .reply(try Self.refusal()) }
        guard waiting.count < Self.waitingMax else { return .close("too many refused commands") }
        waiting.append(asked)
        return .drop
    }

    mutating func beforeRespond(
        _ data: inout Buffer, _ session: borrowing Session
    ) throws -> Verdict {
        // A push of RESP3 is no response.
        guard !data.starts(with: [UInt8(ascii: ">")]) else { return .forward }
        answered += 1
        while let next = waiting.first, next <= answered {
            waiting.removeFirst()
            try data.append(Self.refusal())
        }
        return .forward
    }

    private static func refusal() throws -> Buffer {
        try Buffer("-ERR this command is refused by redis-guard\r\n")
    }

    /// The first word of a command, in capitals: of a list of strings, or of a line.
    private static func commandName(_ data: borrowing Buffer) -> String? {
        var start = 0
        if data.starts(with: [UInt8(ascii: "*")]) {
            // Behind the lines `*3` and `$8`.
            for _ in 0..<2 {
                guard let end = data.firstIndex(of: UInt8(ascii: "\n"), from: start) else {
                    return nil
                }
                start = end + 1
            }
        }
        let name = data.withUnsafeBytes { bytes in
            let word = bytes.dropFirst(start).prefix { $0 > UInt8(ascii: " ") }
            return String(decoding: word, as: UTF8.self).uppercased()
        }
        return name.isEmpty ? nil : name
    }
}

/// A relay in front of Redis. A command or response over 261,888 bytes ends its session.
func redisGuard(
    listen: HostPort, upstream: HostPort, refused: Set<String>, _ print: LinePrinter
) -> TCPServer {
    var options = PairOptions()
    options.frameBytesMax = 261_888
    return TCPServer(
        TCPClient(upstream.host, port: upstream.port), listen: listen.host, port: listen.port,
        framing: RedisFraming.framing, options: options
    )
    .hook { RedisGuard(refused: refused, print: print) }
}
