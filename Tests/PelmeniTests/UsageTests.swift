import Pelmeni
import Testing

/// Invalid values are refused by name before any socket is opened.
@Suite struct UsageTests {
    private static let good = TCPClient("127.0.0.1", port: 9)

    private func expect(
        _ subject: String, workers: Int? = 2, servers: [any Server], _ part: String = "",
        _ change: (inout EngineOptions) -> Void = { _ in },
        _ location: SourceLocation = #_sourceLocation
    ) {
        var options = EngineOptions()
        change(&options)
        let error = #expect(throws: EngineError.self, sourceLocation: location) {
            _ = try Engine(workers: workers, servers: servers, options: options)
        }
        #expect(error?.kind == .usage, sourceLocation: location)
        #expect(error?.subject == subject, sourceLocation: location)
        #expect(error?.description.contains(part) == true, sourceLocation: location)
    }

    private func server(
        _ client: any Client = good, _ change: (inout PairOptions) -> Void = { _ in }
    ) -> TCPServer {
        var options = PairOptions()
        change(&options)
        return TCPServer(client, listen: "127.0.0.1", port: 8080, options: options)
    }

    @Test func engines() {
        expect("servers", servers: [])
        expect("servers", servers: (0...4096).map { _ in server() })
        expect("workers", workers: 0, servers: [server()], "0")
        expect("workers", workers: -1, servers: [server()], "-1")
        expect("workers", workers: 1025, servers: [server()], "1025")
        expect("poolBytes", servers: [server()]) { $0.poolBytes = 1 << 20 }
        expect("poolBytes", servers: [server()]) { $0.poolBytes = -1 }
        expect("sessionLimit", servers: [server()], "0") { $0.sessionLimit = 0 }
        expect("sessionLimit", servers: [server()], "-5") { $0.sessionLimit = -5 }
    }

    @Test func workersOfAPair() {
        let subject = "127.0.0.1:8080"
        expect(subject, servers: [server { $0.workers = [] }])
        expect(subject, servers: [server { $0.workers = [1, 1] }])
        expect(subject, servers: [server { $0.workers = [0, 2] }], "worker 2")
        expect(subject, servers: [server { $0.workers = [-1] }], "worker -1")
        expect(subject, workers: 1, servers: [server { $0.workers = [1] }], "0 to 0")
    }

    @Test func pairs() {
        let subject = "127.0.0.1:8080"
        expect(subject, servers: [server { $0.sessionLimit = 0 }])
        expect(subject, servers: [server { $0.connectTimeout = .zero }], "connectTimeout")
        expect(subject, servers: [server { $0.connectTimeout = .seconds(-1) }], "connectTimeout")
        expect(subject, servers: [server(TCPClient([]))], "not 0")
        let many = (1...65).map { Endpoint.tcp(host: "127.0.0.1", port: $0) }
        expect(subject, servers: [server(TCPClient(many))], "not 65")
    }

    @Test func upstreams() {
        expect("127.0.0.1:0", servers: [server(TCPClient("127.0.0.1", port: 0))], "port")
        expect(":80", servers: [server(TCPClient("", port: 80))], "host")
        expect("", servers: [server(UnixClient(""))], "1 to 107")
        let long = "/" + String(repeating: "x", count: 107)
        expect(long, servers: [server(UnixClient(long))], "1 to 107")
        expect("/a%00b", servers: [server(UnixClient("/a\0b"))])
        expect(long, servers: [UnixServer(Self.good, listen: long)], "1 to 107")
        expect("", servers: [UnixServer(Self.good, listen: "")], "1 to 107")
    }

    /// The values of the kernel and of a clock are bounded; none is cut silently.
    @Test func durations() throws {
        let subject = "127.0.0.1:8080"
        let year: Duration = .seconds(365 * 24 * 3_600)
        let all: [(String, WritableKeyPath<PairOptions, Timeout>)] = [
            ("firstByteTimeout", \.firstByteTimeout), ("idleTimeout", \.idleTimeout),
            ("lingerTimeout", \.lingerTimeout), ("stallTimeout", \.stallTimeout),
        ]
        for (name, option) in all {
            for wrong in [.zero, .seconds(-1), year + .nanoseconds(1), .seconds(Int64.max)] {
                let server = server { $0[keyPath: option] = .after(wrong) }
                expect(subject, servers: [server], name)
                expect(subject, servers: [server], "8760h")
                expect(subject, servers: [server], "; .never switches it off")
            }
        }
        for wrong in [year + .nanoseconds(1), .seconds(18_446_744_073.9), .seconds(Int64.max)] {
            expect(subject, servers: [server { $0.connectTimeout = wrong }], "connectTimeout")
        }
        for wrong: Duration in [.zero, .milliseconds(1_500), .seconds(32_768)] {
            expect(subject, servers: [server { $0.keepAliveTime = wrong }], "32767s")
        }
        for wrong: Duration in [.zero, .seconds(24 * 3_600 + 1), .seconds(Int64.max)] {
            expect(subject, servers: [server { $0.userTimeout = wrong }], "24h")
        }
        expect("drainTimeout", servers: [server()], "8760h") { $0.drainTimeout = .seconds(-1) }
        expect("drainTimeout", servers: [server()], "8760h") {
            $0.drainTimeout = .seconds(Int64.max)
        }
        let longest = server {
            $0.connectTimeout = year
            for (_, option) in all { $0[keyPath: option] = .after(year) }
            $0.keepAliveTime = .seconds(32_767)
            $0.userTimeout = .seconds(24 * 3_600)
        }
        _ = try Engine(workers: 1, servers: [longest])
    }

    @Test func numbers() throws {
        let subject = "127.0.0.1:8080"
        let most = Int(Int32.max)
        expect(subject, servers: [server { $0.sessionLimit = most + 1 }], "1 to 2147483647")
        expect("sessionLimit", servers: [server()], "1 to 2147483647") { $0.sessionLimit = .max }
        expect("poolBytes", servers: [server()], "1099511627776") { $0.poolBytes = .max }
        expect(
            "/a",
            servers: [
                UnixServer(
                    Self.good, listen: "/a", permissions: SocketPermissions(rawValue: 0o1000))
            ], "permissions is 0 to 0777")
        _ = try Engine(workers: 1, servers: [server { $0.sessionLimit = most }])
    }

    @Test func whatAnErrorSays() {
        let error = EngineError(
            kind: .failed, side: .listener, subject: "127.0.0.1:80", errno: SystemError(code: 98),
            reason: "cannot listen", remedy: "choose another one")
        #expect(
            error.description
                == "listener 127.0.0.1:80: cannot listen: EADDRINUSE (Address already in use); "
                + "choose another one")
    }

    @Test func aNonAddressIsNamed() async throws {
        let server = TCPServer(Self.good, listen: "192.0.2.1", port: 0)
        let engine = try Engine(backend: .epoll, workers: 1, servers: [server])
        let error = await #expect(throws: EngineError.self) { try await engine.start() }
        #expect(error?.kind == .failed)
        #expect(error?.subject == "192.0.2.1:0")
        #expect(error?.errno?.name == "EADDRNOTAVAIL")
    }
}
