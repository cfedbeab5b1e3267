internal import Foundation
internal import Glibc
package import Pelmeni
internal import PelmeniHTTP

/// The measured proxy: an engine in a process of its own, controlled by its standard input.
package struct ProxyChild: Sendable {
    private let engine: Engine

    /// - Parameters:
    ///   - upstreams: ports on 127.0.0.1; each gets a listener.
    ///   - pairs: the protocol of listeners and upstreams.
    ///   - hook: of pairs of its own protocol; nil is none.
    package init(
        backend: BackendChoice, without: Set<IOUringFeature>, workers: Int, upstreams: [UInt16],
        pairs: ProxyPairs = .tcp, hook: BenchHook? = nil
    ) throws(EngineError) {
        var options = EngineOptions()
        options.disabledFeatures = without
        let servers: [any Server] = upstreams.map { port in
            switch pairs {
            case .tcp:
                let client = TCPClient("127.0.0.1", port: port)
                return hook?.attach(client) ?? TCPServer(client, listen: "127.0.0.1", port: 0)
            case .udp:
                return UDPServer(UDPClient("127.0.0.1", port: port), listen: "127.0.0.1", port: 0)
            case .http:
                let client = HTTPClient("127.0.0.1", port)
                return hook?.attach(client) ?? HTTPServer(client, listen: "127.0.0.1", port: 0)
            }
        }
        engine = try Engine(
            backend: backend, workers: workers, servers: servers, options: options,
            spelling: .commandLine)
    }

    /// Prints `listening PORT BACKEND` for each pair, then answers lines until the input ends.
    package func run(write: @escaping @Sendable (String) -> Void) async throws(EngineError) {
        try await engine.start()
        let backend = engine.backend?.rawValue ?? "none"
        for listener in engine.listeners { write("listening \(listener.port ?? 0) \(backend)") }
        let engine = engine
        await withCheckedContinuation { continuation in
            // A thread of its own: reading blocks.
            Thread.detachNewThread {
                while let line = Swift.readLine() {
                    if line == "counters" { write(Self.counters(engine.statistics)) }
                }
                continuation.resume()
            }
        }
        await engine.stop()
    }

    private static func counters(_ statistics: Statistics) -> String {
        var counters = ProxyCounters()
        counters.accepted = statistics.accepted
        counters.open = statistics.open
        counters.enters = statistics.workers.reduce(0) { $0 + $1.enters }
        counters.loops = statistics.workers.reduce(0) { $0 + $1.loops }
        counters.sessionsByWorker = statistics.workers.map { Int(clamping: $0.accepted) }
        return JSONLine.text(counters)
    }
}
