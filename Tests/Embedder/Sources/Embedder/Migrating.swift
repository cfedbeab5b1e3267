import Pelmeni

/// The programs of docs/guide/migrating.md. They are compiled and made, and not run: they need the
/// network and fixed ports.
enum Migrating {
    static func basicUsage() async throws {
        let client = UDPClient("8.8.8.8", port: 53)
        let server = TCPServer(client, listen: "0.0.0.0", port: 8080)
        try await Engine(servers: [server]).run()
    }

    static func subclasses() -> any Server {
        let client = TCPClient("www.example.com", port: 80)
            .beforeSend { data, _ in
                data.lowercaseASCII()
                return .forward
            }
        let server = TCPServer(client)
            .beforeForward { data, session in
                data.isEmpty && !session.isEnd ? .drop : .forward
            }
            .beforeRespond { data, _ in
                data.uppercaseASCII()
                return .forward
            }
        return server
    }

    /// Methods of one class, which share state.
    struct MyServer: BeforeForward, BeforeRespond {
        private var requests = 0

        mutating func beforeForward(
            _ data: inout Buffer, _ session: borrowing Session
        ) throws -> Verdict {
            requests += 1
            return .forward
        }

        mutating func beforeRespond(
            _ data: inout Buffer, _ session: borrowing Session
        ) throws -> Verdict {
            try data.prepend("\(requests): ")
            return .forward
        }
    }

    static func classes() -> any Server {
        let client = UDPClient("8.8.8.8", port: 53)
        let server = UDPServer(client, listen: "127.0.0.1", port: 5353).hook { MyServer() }
        return server
    }
}
