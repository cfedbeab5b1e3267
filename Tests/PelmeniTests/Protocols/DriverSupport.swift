import Pelmeni
import Synchronization
import TestSupport
import Testing

/// The side of a pair that a test's driver speaks.
enum DriverSide: CaseIterable, Sendable, CustomTestStringConvertible {
    case server
    case client

    var testDescription: String { self == .server ? "by the server" : "by the client" }
}

/// A driver's cargo and bound, which are constants of its type.
protocol DriverKind: Sendable {
    static var cargo: Cargo { get }
    static var restMax: Int { get }
}

enum OfBytes: DriverKind {
    static var cargo: Cargo { .stream }
    static var restMax: Int { 64 << 10 }
}

enum OfFewBytes: DriverKind {
    static var cargo: Cargo { .stream }
    static var restMax: Int { 1_000 }
}

enum OfMessages: DriverKind {
    static var cargo: Cargo { .messages }
    static var restMax: Int { 128 << 10 }
}

/// What the sessions of a driver noted, on any thread, and how many there were.
final class DriverBooks: Sendable {
    private let lines = Mutex<[String]>([])
    private let counts = Mutex((made: 0, closed: 0, destroyed: 0))

    var all: [String] { lines.withLock { $0 } }
    func note(_ line: String) { lines.withLock { $0.append(line) } }

    func count(made: Int = 0, closed: Int = 0, destroyed: Int = 0) {
        counts.withLock {
            $0 = ($0.made + made, $0.closed + closed, $0.destroyed + destroyed)
        }
    }

    /// Every state that was made was told its end once, and is gone.
    func expectBalance(_ made: Int, _ location: SourceLocation = #_sourceLocation) {
        let now = counts.withLock { $0 }
        #expect(now == (made, made, made), sourceLocation: location)
    }

    func wait(_ what: String, _ condition: ([String]) -> Bool) throws {
        try waitUntil(what) { condition(all) }
    }
}

/// A session of a ``Scripted`` driver: a number, a text, and bytes that were seen.
final class DriverSession {
    private let books: DriverBooks
    var number = 0
    var seen: [UInt8] = []

    init(_ books: DriverBooks) {
        self.books = books
        books.count(made: 1)
    }

    deinit { books.count(destroyed: 1) }
}

/// A driver of closures: by default bytes and messages pass unchanged, and so do ends.
struct Scripted<Kind: DriverKind>: ProtocolDriver {
    typealias Event = @Sendable (DriverSession, borrowing Context) throws -> Void
    typealias Taking =
        @Sendable (consuming Buffer, DriverSession, borrowing Context) throws -> Void
    typealias Offering = @Sendable (inout Buffer, DriverSession, borrowing Context) throws -> Void

    static var carries: Cargo { Kind.cargo }
    static var restMax: Int { Kind.restMax }

    let books = DriverBooks()
    var tag: @Sendable (borrowing Buffer) -> UInt64? = { _ in 0 }
    var making: @Sendable () throws -> Void = {}
    var opened: Event = { _, _ in }
    var received: Offering = { data, _, context in context.deliver(data.take()) }
    var ended: Taking = { rest, _, context in
        if !rest.isEmpty { context.deliver(rest) }
        context.deliverEnd()
    }
    var arrived: Taking = { data, _, context in context.send(data) }
    var otherEnded: Event = { _, context in context.shutdown() }
    var drained: Event = { _, _ in }
    var timer: Event = { _, _ in }
    var closing: @Sendable (EndCause, DriverSession, borrowing Context) -> Void = { _, _, _ in }

    func tag(of datagram: borrowing Buffer) -> UInt64? { tag(datagram) }

    func makeState() throws -> DriverSession {
        try making()
        return DriverSession(books)
    }

    func opened(_ state: inout DriverSession, _ context: borrowing Context) throws {
        try opened(state, context)
    }

    func received(
        _ data: inout Buffer, _ state: inout DriverSession, _ context: borrowing Context
    ) throws {
        try received(&data, state, context)
    }

    func ended(
        _ rest: consuming Buffer, _ state: inout DriverSession, _ context: borrowing Context
    ) throws {
        try ended(rest, state, context)
    }

    func arrived(
        _ data: consuming Buffer, _ state: inout DriverSession, _ context: borrowing Context
    ) throws {
        try arrived(data, state, context)
    }

    func otherEnded(_ state: inout DriverSession, _ context: borrowing Context) throws {
        try otherEnded(state, context)
    }

    func drained(_ state: inout DriverSession, _ context: borrowing Context) throws {
        try drained(state, context)
    }

    func timer(_ state: inout DriverSession, _ context: borrowing Context) throws {
        try timer(state, context)
    }

    func closing(_ cause: EndCause, _ state: inout DriverSession, _ context: borrowing Context) {
        books.count(closed: 1)
        closing(cause, state, context)
    }
}

typealias StreamScript = Scripted<OfBytes>
typealias MessageScript = Scripted<OfMessages>

extension Scripted where Kind == OfMessages {
    /// Lines of a stream are messages, and messages are lines.
    static var lines: Self {
        var driver = Self()
        driver.received = { data, _, context in
            while context.room > 0, let line = data.takeLine() { context.deliver(line) }
        }
        driver.arrived = { data, _, context in
            var data = data
            try data.append("\n")
            context.send(data)
        }
        return driver
    }
}

extension Bridge {
    /// An engine of one pair with a driver on one side.
    ///
    /// - Parameter framing: of the other side, where that is a stream.
    static func driven(
        _ crossing: Crossing, _ variant: Variant, _ side: DriverSide,
        _ driver: some ProtocolDriver, framing: Framing? = nil, upstreams: [SocketName]? = nil,
        poolBytes: Int? = nil, configure change: (inout PairOptions) -> Void = { _ in },
        onClient: (any Client) -> any Client = { $0 },
        onServer: (any Server) -> any Server = { $0 }
    ) async throws -> Bridge {
        try await driven(crossing, variant, poolBytes: poolBytes) { names, path in
            var options = PairOptions()
            change(&options)
            let names = upstreams ?? names
            guard side == .server else {
                options.framing = framing
                let client = DrivenClient(driver, to: crossing.to.client(names).endpoints)
                return onServer(
                    crossing.from.server(onClient(client), path: path, options: options))
            }
            let client = onClient(crossing.to.client(names, framing: framing))
            let listener = crossing.from.server(client, path: path, options: options)
            return onServer(
                DrivenServer(driver, client, listen: listener.endpoint, options: options))
        }
    }

    /// - Parameter server: makes the server, of the upstreams and the path for a listener.
    static func driven(
        _ crossing: Crossing, _ variant: Variant, poolBytes: Int? = nil,
        server: ([SocketName], String) -> any Server
    ) async throws -> Bridge {
        let folder = try TemporaryFolder()
        let origin = try BridgeOrigin(crossing.to, path: folder.file("origin"))
        let log = LogCollector()
        let server = server([origin.name], folder.file("server"))
        let engine = try Engine.variant(variant, servers: [server]) {
            $0.log = log.sink
            if let poolBytes { $0.poolBytes = poolBytes }
        }
        try await engine.start()
        return Bridge(
            crossing: crossing, engine: engine, origin: origin, log: log, folder: folder)
    }

    /// The entry of each session whose driver failed: the protocol, and the reason.
    var failures: [String] {
        log.entries(from: .info)
            .filter { $0.message == "a protocol failed; its session is closed" }
            .map { entry in
                entry.fields.filter { ["protocol", "reason"].contains($0.key) }
                    .map(\.value).joined(separator: ": ")
            }
    }

    var blocksLeased: UInt64 {
        engine.statistics.workers.reduce(0) { $0 + $1.blocksLeased }
    }
}

extension Face {
    func client(_ names: [SocketName], framing: Framing?) -> any Client {
        switch client(names) {
        case var stream as TCPClient:
            stream.framing = framing
            return stream
        case var stream as UnixClient:
            stream.framing = framing
            return stream
        case let other: return other
        }
    }
}

extension Crossing {
    static let allStreams = all.filter { $0.from.isStream && $0.to.isStream }
    /// A driver's stream of lines beside datagrams.
    static let tcpToUDP = Crossing(from: .tcp, to: .udp)
}
