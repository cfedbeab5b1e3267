import Pelmeni

#if canImport(HTTPCopy)
    import HTTPCopy

    extension Program {
        /// PelmeniHTTP's files as a module of this package: an upstream that sends a request back
        /// is no server of HTTP.
        func runHTTP() async throws {
            let upstream = HTTPClient("127.0.0.1", streams.endpoints[0].port ?? 0)
            let server = HTTPServer(upstream, listen: "127.0.0.1", port: 0)
            _ = try await with(server) { port in
                let client = try PlainClient.stream(to: port)
                try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let line = "HTTP/1.1 502 Bad Gateway\r\n"
                try expect(try client.receive(bytes: line.utf8.count), line, "a bad response")
            }
        }
    }
#else
    extension Program {
        func runHTTP() async throws {
            throw Failure("the package is built by check.py, together with a copy of PelmeniHTTP")
        }
    }
#endif
