internal import ExampleSupport
internal import Pelmeni
internal import Synchronization

/// Three sessions at once, each with sums of its own; one of them ends with its engine.
func checkClientTee(_ options: ExampleOptions) async throws {
    let lines = LineStore()
    let printer = LinePrinter { lines.add($0) }
    let origin = try PlainSocket.listening(.stream)
    let server = clientTee(listen: .local(), upstream: .local(origin.port), printer)
    // The sockets of the first session stay open until the engine has stopped.
    let (wanted, _) = try await ExampleEngine.with(server, options) { _, port in
        var wanted: Set<String> = []
        var pairs: [(client: PlainSocket, upstream: PlainSocket)] = []
        for count in [0, 5, 100_000] {
            let client = try PlainSocket.connected(.stream, to: port)
            let upstream = try origin.accept()
            try client.send([UInt8](repeating: 1, count: count))
            _ = try upstream.receive(exactly: count)
            try upstream.send([UInt8](repeating: 2, count: 2 * count + 1))
            _ = try client.receive(exactly: 2 * count + 1)
            pairs.append((client, upstream))
            let cause = count == 0 ? EndCause.drainCut : .completed
            wanted.insert(
                "127.0.0.1:\(client.port) sent=\(count) received=\(2 * count + 1) cause=\(cause)")
        }
        for (client, upstream) in pairs.dropFirst() {
            client.endSending()
            upstream.endSending()
        }
        try ExampleCheck.wait("two sessions end") { lines.all.count == 2 }
        return (wanted, pairs)
    }
    try ExampleCheck.wait("a line for each session") { lines.all.count == 3 }
    try ExampleCheck.equal(lines.all, wanted, "the lines")
}

private final class LineStore: Sendable {
    private let lines = Mutex<Set<String>>([])

    var all: Set<String> { lines.withLock { $0 } }

    func add(_ line: String) { _ = lines.withLock { $0.insert(line) } }
}
