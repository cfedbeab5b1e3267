import ArgumentParser
import Pelmeni
import PelmeniBench

/// A proxy that `bench` measures. Hidden: `bench` starts it.
struct BenchProxyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-proxy", abstract: "A proxy that `bench` steers.", shouldDisplay: false)

    @Option var backend: BackendChoice
    @Option(name: .customLong("io-uring-without")) var ioUringWithout: String?
    @Option var workers = 1
    @Option(help: "The protocol: tcp, udp or http.") var pairs = ProxyPairs.tcp
    @Option(help: "A hook of BenchHook.") var hook: String?
    @Option(help: "127.0.0.1:PORT; each gets a listener.") var upstream: [String]

    func run() async throws {
        let ports = try upstream.map { text in
            guard text.hasPrefix("127.0.0.1:"), let port = UInt16(text.dropFirst(10)) else {
                throw UsageError("--upstream \(text) is not 127.0.0.1:PORT", command: "bench")
            }
            return port
        }
        let without = try FeatureList.parse(
            ioUringWithout?.split(separator: ",").map(String.init) ?? [])
        let proxy = try ProxyChild(
            backend: backend, without: without, workers: workers, upstreams: ports,
            pairs: pairs, hook: hook.flatMap(BenchHook.init))
        try await proxy.run { StandardStream.output.write(line: $0) }
    }
}
