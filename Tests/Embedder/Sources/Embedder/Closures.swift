import Pelmeni

/// The closures of the guide: docs/guide/hooks.md quotes them.
enum Closures {
    static func loud(_ client: TCPClient) -> TCPServer {
        let server = TCPServer(client, listen: "127.0.0.1", port: 0)
            .beforeRespond { data, _ in
                data.uppercaseASCII()
                return .forward
            }
        return server
    }

    /// One line is one message.
    static func loudLines(_ client: TCPClient) -> TCPServer {
        let server = TCPServer(client, listen: "127.0.0.1", port: 0, framing: .line)
            .beforeRespond { data, _ in
                data.uppercaseASCII()
                return .forward
            }
        return server
    }

    static func short(_ client: UDPClient) -> UDPServer {
        let small = client.beforeSend { data, _ in data.count > 512 ? .drop : .forward }
        return UDPServer(small, listen: "127.0.0.1", port: 0)
    }

    static func marked(_ client: TCPClient) -> TCPServer {
        TCPServer(
            client
                .beforeSend { data, _ in
                    try data.append("3")
                    return .forward
                }
                .beforeSend { data, _ in
                    try data.append("4")
                    return .forward
                }
                .beforeRespond { data, _ in
                    try data.append("D")
                    return .forward
                }
                .beforeRespond { data, _ in
                    try data.append("C")
                    return .forward
                },
            listen: "127.0.0.1", port: 0, framing: .line
        )
        .beforeForward { data, _ in
            try data.append("1")
            return .forward
        }
        .beforeForward { data, _ in
            try data.append("2")
            return .forward
        }
        .beforeRespond { data, _ in
            try data.append("B")
            return .forward
        }
        .beforeRespond { data, _ in
            try data.append("A")
            return .forward
        }
    }

    /// A word whose beginning may stand at the end of a chunk.
    static func censored(_ client: TCPClient) -> TCPServer {
        TCPServer(client, listen: "127.0.0.1", port: 0).beforeForward { data, _ in
            try data.replace("secret", with: "******")
            try data.hold(last: 5)
            return .forward
        }
    }

    static func introduced(_ client: TCPClient) -> TCPServer {
        TCPServer(client, listen: "127.0.0.1", port: 0, framing: .line)
            .beforeForward { _, session in
                try session.emit(Buffer("from \(session.client.host)"))
                return .forward
            }
    }

    static func signed(_ client: TCPClient) -> TCPServer {
        TCPServer(client, listen: "127.0.0.1", port: 0).beforeRespond { data, session in
            if session.isEnd { try data.append("-- the end\n") }
            return .forward
        }
    }

    static func chosen(_ client: TCPClient) -> TCPServer {
        TCPServer(client, listen: "127.0.0.1", port: 0)
            .onOpen { session in session.client.host == "127.0.0.1" ? .upstream(1) : .forward }
            .onClose { cause, session in Closures.ends.note("\(cause) \(session.upstream ?? -1)") }
    }

    static func closed(_ client: TCPClient) -> TCPServer {
        TCPServer(client, listen: "127.0.0.1", port: 0).onOpen { _ in .close("not now") }
    }

    static let ends = Notes()
}
