import CPelmeni
import Foundation
import TestSupport
import Testing

extension Integration {
    /// Third-party programs through the proxy, which must not notice it.
    @Suite(.timeLimit(.minutes(3))) struct TrafficTests {
        private func proxy(_ upstream: String, _ backend: CommandBackend) throws -> Proxy {
            try Proxy(["tcp://127.0.0.1:0", upstream], backend: backend)
        }

        // MARK: curl

        @Test(arguments: CommandBackend.granted) func curl(backend: CommandBackend) throws {
            let curl = try Curl()
            let folder = try TemporaryFolder()
            let bytes = Pattern.shared.stream(key: 1, count: 50 << 20)
            try Data(bytes).write(to: URL(fileURLWithPath: folder.file("big")))
            let origin = try HTTPOrigin(body: bytes)
            let proxy = try proxy("tcp://127.0.0.1:\(origin.port)", backend)
            let url = try proxy.url()
            _ = try curl.run("\(url)/big", "-o", folder.file("down"))
            #expect(try FileManager.default.contentsEqual(folder, "big", "down"))
            // An upload: the origin answers with the bytes that it received.
            _ = try curl.run("-T", folder.file("big"), "\(url)/put", "-o", folder.file("up"))
            #expect(try FileManager.default.contentsEqual(folder, "big", "up"))
            // Several requests over one connection, small and empty.
            #expect(try curl.run("\(url)/small", "\(url)/empty", "\(url)/small") == "smallsmall")
            #expect(try curl.run("--http1.0", "\(url)/small") == "small")
            #expect(
                try curl.run("-r", "1000-1999", "\(url)/big", "-o", folder.file("part")).isEmpty)
            try proxy.end()
            #expect(proxy.summary["completed"] == proxy.summary["accepted"])
            origin.stop()
        }

        // MARK: redis

        @Test(arguments: CommandBackend.granted) func redis(backend: CommandBackend) throws {
            let redis = try RedisServer()
            let benchmark = try Tool("redis-benchmark", package: "redis-tools")
            for upstream in ["tcp://127.0.0.1:\(redis.port)", "unix://\(redis.socketPath)"] {
                let proxy = try proxy(upstream, backend)
                let port = try proxy.port()
                let (code, output, errors) = try Child([
                    benchmark.path, "-p", "\(port)", "-c", "200", "-P", "16", "-n", "60000", "-r",
                    "10000",
                    "-d", "100", "-t", "set,get", "--csv",
                ]).finish(within: .seconds(60))
                #expect(code == 0, "\(errors)")
                #expect(
                    output.contains("\"SET\"") && output.contains("\"GET\""), "\(output) \(errors)")
                #expect(!(output + errors).contains("rror"), "\(output) \(errors)")
                try proxy.end()
                #expect(proxy.summary["accepted", default: 0] >= 400)
            }
        }

        /// Values written through the proxy are stored exactly, by a digest over all of them.
        @Test(arguments: CommandBackend.granted) func redisDigest(backend: CommandBackend) throws {
            let redis = try RedisServer()
            let control = try RedisServer()
            let proxy = try proxy("tcp://127.0.0.1:\(redis.port)", backend)
            var commands: [UInt8] = []
            for number in 0..<3_000 {
                let value = Pattern.shared.piece(key: number, at: 0, count: number * 13 % 9_000)
                commands += Array("*3\r\n$3\r\nSET\r\n$8\r\n".utf8)
                commands += Array("k\(1_000_000 + number)\r\n$\(value.count)\r\n".utf8)
                commands += value
                commands += [13, 10]
            }
            var digests: [String] = []
            for port in [try proxy.port(), control.port] {
                let wire = try Wire(toPort: port)
                let reading = beside { try wire.read(exactly: 3_000 * 5) }
                try wire.write(commands)
                #expect(
                    try wait(for: reading)
                        == Array(repeatElement("+OK\r\n", count: 3_000).joined().utf8))
                try wire.write("DEBUG DIGEST\r\n")
                digests.append(try wire.readText(43))
            }
            #expect(digests[0].hasPrefix("+"))
            #expect(digests[0] == digests[1])
            // And read back through the proxy.
            let wire = try Wire(toPort: try proxy.port())
            for number in [0, 1, 700, 2_999] {
                let value = Array(
                    Pattern.shared.piece(key: number, at: 0, count: number * 13 % 9_000))
                try wire.write("GET k\(1_000_000 + number)\r\n")
                let wanted = Array("$\(value.count)\r\n".utf8) + value + [13, 10]
                #expect(try wire.read(exactly: wanted.count) == wanted)
            }
            wire.close()
            try proxy.end()
        }

        private func wait<Value: Sendable>(for task: Task<Value, any Error>) throws -> Value {
            let box = ResultBox<Value>()
            Task.detached { box.set(await task.result) }
            try waitUntil("a script beside this one ends", within: .seconds(30)) {
                box.value != nil
            }
            guard let value = box.value else { throw Missing(description: "no result") }
            return try value.get()
        }

        // MARK: iperf3

        @Test(arguments: CommandBackend.granted) func iperf3(backend: CommandBackend) throws {
            let iperf3 = try Tool("iperf3", package: "iperf3")
            for extra in [[], ["-R"], ["--bidir"]] {
                let port = try SocketName.unusedPort()
                let server = try Child([
                    iperf3.path, "-s", "-1", "-B", "127.0.0.1", "-p", "\(port)", "--forceflush",
                ])
                try server.output.waitForLine("Server listening")
                let proxy = try proxy("tcp://127.0.0.1:\(port)", backend)
                let arguments = [
                    iperf3.path, "-c", "127.0.0.1", "-p", "\(try proxy.port())", "-P", "4", "-n",
                    "400M", "--json",
                ]
                let (code, output, errors) = try Child(arguments + extra).finish(
                    within: .seconds(90))
                #expect(code == 0, "\(errors) \(output.suffix(500))")
                let report = try JSONSerialization.jsonObject(with: Data(output.utf8))
                let object = report as? [String: Any]
                #expect(object?["error"] == nil, "\(object?["error"] ?? "")")
                let end = object?["end"] as? [String: Any]
                // By amount, not by time. The server drops bytes in flight when the client has sent
                // its amount, and with both ways at once the test ends when one way has the amount:
                // without a proxy it does too.
                let received = ["sum_received", "sum_received_bidir_reverse"].compactMap {
                    (end?[$0] as? [String: Any])?["bytes"] as? Double
                }
                #expect(received.max() ?? 0 > 200e6)
                let said = try server.finish()
                #expect(said.code == 0, "\(said.errors)")
                #expect(
                    !(said.output + said.errors).contains("error"), "\(said.output) \(said.errors)")
                try proxy.end()
            }
        }
    }
}

/// The outcome of a task beside a script.
private final class ResultBox<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var result: Result<Value, any Error>?

    var value: Result<Value, any Error>? { lock.withLock { result } }

    func set(_ result: Result<Value, any Error>) { lock.withLock { self.result = result } }
}

extension FileManager {
    func contentsEqual(
        _ folder: TemporaryFolder, _ left: String, _ right: String
    ) throws -> Bool {
        // Compared whole, so that a difference in length counts too.
        try Data(contentsOf: URL(fileURLWithPath: folder.file(left)))
            == Data(contentsOf: URL(fileURLWithPath: folder.file(right)))
    }
}
