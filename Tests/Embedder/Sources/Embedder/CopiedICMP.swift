import Pelmeni

#if canImport(ICMPCopy)
    import ICMPCopy

    extension Program {
        /// PelmeniICMP's files as a module of this package: the kernel answers pings to 127.0.0.1.
        func runICMP() async throws {
            let server = TCPServer(
                ICMPClient("127.0.0.1"), listen: "127.0.0.1", port: 0, framing: .line)
            do {
                _ = try await with(server) { port in
                    let client = try PlainClient.stream(to: port)
                    for text in ["one\n", "another one\n"] {
                        try client.send(text)
                        try expect(try client.receive(bytes: text.utf8.count), text, "a ping")
                    }
                }
            } catch let error as EngineError where "\(error)".contains("CAP_NET_RAW") {
                print("\(backend): no ping: \(error)")
            }
            // A refusal of the copy's own, before any socket.
            do {
                let echo = ICMPServer(datagrams, listen: "192.0.2.1")
                _ = try await with(echo) { _ in }
                throw Failure("an address of another machine is listened on")
            } catch let error as EngineError {
                try expect(error.side, .listener, "\(error)")
            }
        }
    }
#else
    extension Program {
        func runICMP() async throws {
            throw Failure("the package is built by check.py, together with a copy of PelmeniICMP")
        }
    }
#endif
