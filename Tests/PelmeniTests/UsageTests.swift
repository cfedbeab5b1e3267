import Pelmeni
import Testing

/// What makes no sense is refused before anything is opened, and named.
@Suite struct UsageTests {
    private static let good = TCPClient("127.0.0.1", 9)

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
        expect("sessions", servers: [server()], "0") { $0.sessions = 0 }
        expect("sessions", servers: [server()], "-5") { $0.sessions = -5 }
        expect("nonsense", servers: [server()], "6.1") { $0.without = ["none", "nonsense"] }
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
        expect(subject, servers: [server { $0.sessions = 0 }])
        expect(subject, servers: [server { $0.connect = .zero }], "connect")
        expect(subject, servers: [server { $0.connect = .seconds(-1) }], "connect")
        expect(subject, servers: [server(TCPClient([]))], "not 0")
        let many = (1...65).map { Destination(host: "127.0.0.1", port: $0) }
        expect(subject, servers: [server(TCPClient(many))], "not 65")
    }

    @Test func destinations() {
        expect("127.0.0.1:0", servers: [server(TCPClient("127.0.0.1", 0))], "port")
        expect(":80", servers: [server(TCPClient("", 80))], "host")
        expect("", servers: [server(UnixClient(""))], "1 to 107")
        let long = "/" + String(repeating: "x", count: 107)
        expect(long, servers: [server(UnixClient(long))], "1 to 107")
        expect("/a\0b", servers: [server(UnixClient("/a\0b"))])
        expect(long, servers: [UnixServer(Self.good, path: long)], "1 to 107")
        expect("", servers: [UnixServer(Self.good, path: "")], "1 to 107")
    }

    /// A number of nanoseconds has an end; a duration has none.
    @Test func longDurations() throws {
        let server = server {
            $0.connect = .seconds(Int64.max)
            $0.idle = .seconds(Int64.max)
            $0.linger = .zero
            $0.stall = .seconds(-1)
            $0.keepAlive = .seconds(Int64.max)
            $0.userTimeout = .seconds(Int64.max)
        }
        _ = try Engine(workers: 1, servers: [server])
    }

    @Test func whatAnErrorSays() {
        let error = EngineError(
            kind: .failed, side: .listener, subject: "127.0.0.1:80", errno: Errno(code: 98),
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
