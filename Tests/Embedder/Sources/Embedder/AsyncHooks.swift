import Pelmeni

/// Addresses that may send, asked by hooks of all workers.
actor Policy {
    private var refused: Set<String> = []

    func refuse(_ host: String) { refused.insert(host) }

    func allows(_ address: Address) throws -> Bool {
        guard !address.host.isEmpty else { throw NoAddress() }
        return !refused.contains(address.host)
    }

    struct NoAddress: Error {}
}

/// Asks the policy for each unit: one value for all sessions.
struct PolicyCheck: AsyncBeforeForward {
    let policy: Policy

    func beforeForward(
        _ data: consuming Buffer, _ session: SessionInfo
    ) async throws -> AsyncVerdict {
        guard try await policy.allows(session.client) else { return .close("not allowed") }
        return .forward(data)
    }
}

/// Both moments of an end, and a buffer that is changed.
struct Numbered: AsyncBeforeSend, AsyncBeforeRespond {
    private actor Numbers {
        private var last = 0
        func next() -> Int {
            last += 1
            return last
        }
    }

    private let numbers = Numbers()

    func beforeSend(
        _ data: consuming Buffer, _ session: SessionInfo
    ) async throws -> AsyncVerdict {
        try data.append(" \(await numbers.next())")
        return .forward(data)
    }

    func beforeRespond(
        _ data: consuming Buffer, _ session: SessionInfo
    ) async throws -> AsyncVerdict {
        try data.prepend("\(await numbers.next()) ")
        return .forward(data)
    }
}

/// Closures whose form the compiler finds without annotations. docs/guide/hooks.md quotes some.
enum AsyncClosures {
    static func asked(_ client: UDPClient, _ policy: Policy) -> UDPServer {
        let asked = client.beforeSend(deadline: .seconds(2)) { data, session in
            try await policy.allows(session.client) ? .forward(data) : .drop
        }
        return UDPServer(asked, listen: "127.0.0.1", port: 0)
    }

    static func checked(_ client: TCPClient, _ policy: Policy) -> TCPServer {
        TCPServer(client, listen: "127.0.0.1", port: 0)
            .hook(PolicyCheck(policy: policy), deadline: .seconds(2))
    }

    /// The parameter of a closure is a constant.
    static func signed(_ client: TCPClient) -> TCPServer {
        TCPServer(client, listen: "127.0.0.1", port: 0, framing: .line)
            .beforeRespond { data, session in
                var data = data
                try await Task.sleep(for: .milliseconds(1))
                try data.append(" for \(session.client.host)")
                return .forward(data)
            }
    }

    /// Closures that await nothing are synchronous ones.
    static func synchronous(_ client: TCPClient) -> TCPServer {
        TCPServer(client.beforeSend { _, _ in .drop }.beforeRespond { _, _ in .forward })
            .beforeForward { _, _ in .drop }
            .beforeRespond { data, _ in data.isEmpty ? .drop : .forward }
            .beforeForward { data, _ in
                data.uppercaseASCII()
                return .forward
            }
    }

    /// One moment in both forms.
    static func both(_ client: TCPClient, _ policy: Policy) -> TCPServer {
        TCPServer(client, listen: "127.0.0.1", port: 0, framing: .line)
            .beforeForward { data, _ in
                try data.append(" a")
                return .forward
            }
            .beforeForward { data, session in
                guard try await policy.allows(session.client) else { return .finish() }
                return .forward(data)
            }
            .beforeForward { data, session in
                await Task.yield()
                return data.isEmpty ? .drop : .forward(data)
            }
            .beforeRespond(deadline: .seconds(1)) { data, _ in
                await Task.yield()
                return .forward(data)
            }
            .beforeForward { data, _ in
                try data.append(" b")
                return .forward
            }
    }
}
