import Glibc
import Pelmeni
import Synchronization
import TestSupport
import Testing

extension Bridge {
    /// An engine of one pair with hooks.
    ///
    /// - Parameters:
    ///   - near: the framing of the client's stream; `far` is that of the upstream's.
    ///   - onClient: attaches hooks to the client.
    ///   - onServer: attaches hooks to the server.
    static func hooked(
        _ crossing: Crossing, _ variant: Variant, near: Framing? = nil, far: Framing? = nil,
        upstreams: [SocketName]? = nil, poolBytes: Int? = nil, workers: Int = 1,
        onClient: (any Client) -> any Client = { $0 },
        onServer: (any Server) -> any Server = { $0 },
        configure change: (inout PairOptions) -> Void = { _ in }
    ) async throws -> Bridge {
        let folder = try TemporaryFolder()
        let origin = try BridgeOrigin(crossing.to, path: folder.file("origin"))
        let log = LogCollector()
        var options = PairOptions()
        options.framing = near
        change(&options)
        var client = crossing.to.client(upstreams ?? [origin.name])
        if let far, var stream = client as? TCPClient {
            stream.framing = far
            client = stream
        }
        let server = crossing.from.server(
            onClient(client), path: folder.file("server"), options: options)
        let engine = try Engine.variant(variant, workers: workers, servers: [onServer(server)]) {
            $0.log = log.sink
            if let poolBytes { $0.poolBytes = poolBytes }
        }
        try await engine.start()
        return Bridge(
            crossing: crossing, engine: engine, origin: origin, log: log, folder: folder)
    }

    /// The ends of a new session between two streams.
    func streams() throws -> (client: Wire, upstream: Wire) {
        (try Wire(to: name), try origin.accept())
    }

    /// What a peer sees of a reset that destroys nothing: a Unix socket has none.
    func resetEnd(_ face: Face) -> Wire.End { face.isUnix ? .clean : .reset }

    /// Waits until a hook was called so many times.
    func waitForCalls(_ calls: UInt64, ofHook index: Int = 0) throws {
        try wait("hook \(index) had \(calls) calls") { $0.hooks[index].calls == calls }
    }

    /// The entry of each session that a hook closed: the hook's name, and its reason.
    var closings: [String] {
        log.entries(from: .info).filter { $0.message == "a hook closed a session" }.map {
            let values = $0.fields.filter { ["hook", "reason"].contains($0.key) }.map(\.value)
            return values.joined(separator: ": ")
        }
    }

    /// Drains the engine: its sessions have ended by themselves, with these causes.
    func expect(
        _ causes: [EndCause: UInt64], _ location: SourceLocation = #_sourceLocation
    ) async {
        await engine.drain(within: .seconds(10))
        let statistics = await stop(location)
        #expect(statistics.causes == causes, sourceLocation: location)
    }
}

extension Crossing {
    /// Two streams without framing.
    static let hookedStreams = [streams, Crossing(from: .unix, to: .unix)]

    /// The kinds of pairs that messages cross: framed streams, and those with datagrams.
    static let hookedMessages = [
        streams, Crossing(from: .udp, to: .udp), Crossing(from: .tcp, to: .udp),
        Crossing(from: .udp, to: .tcp),
    ]

    /// The framing of a pair for messages: two streams have none by themselves.
    var messageFraming: Framing? { hasDatagrams ? nil : .u16be }
}

/// What hooks saw, in order, from any thread.
final class HookRecord: Sendable {
    private let all = Mutex<[String]>([])

    func note(_ text: String) { all.withLock { $0.append(text) } }

    var lines: [String] { all.withLock { $0 } }
}

/// An error of a hook.
struct HookTestError: Error, CustomStringConvertible {
    let description: String
}

/// Puts a text in place of another one, wherever the chunks are cut.
struct Replacing: BeforeForward, BeforeSend, BeforeRespond {
    let pattern: String
    let text: String

    func change(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        try data.replace(pattern, with: text)
        try data.hold(last: beginning(in: data))
        return .forward
    }

    /// Bytes at the end that may be the beginning of the pattern.
    private func beginning(in data: borrowing Buffer) -> Int {
        let wanted = Array(pattern.utf8)
        let end = Array(data.array.suffix(wanted.count - 1))
        return (0...end.count).reversed().first { end.suffix($0).elementsEqual(wanted[..<$0]) } ?? 0
    }

    func beforeForward(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        try change(&data, session)
    }

    func beforeSend(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        try change(&data, session)
    }

    func beforeRespond(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        try change(&data, session)
    }
}
