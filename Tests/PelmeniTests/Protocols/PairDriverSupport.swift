import EngineTestSupport
import Pelmeni
import TestSupport
import Testing

/// A session of a ``PairScript``: texts and numbers of a test's own.
final class PairSession {
    private let books: DriverBooks
    var number = 0
    var text = ""

    init(_ books: DriverBooks) {
        self.books = books
        books.count(made: 1)
    }

    deinit { books.count(destroyed: 1) }
}

/// A driver of both sides, of closures. By default it connects at once, and sends each side's bytes
/// to the other one.
struct PairScript: PairDriver {
    typealias Event = @Sendable (PairSession, borrowing PairContext) throws -> Void
    typealias SideEvent = @Sendable (PairSide, PairSession, borrowing PairContext) throws -> Void
    typealias Offering =
        @Sendable (inout Buffer, PairSide, PairSession, borrowing PairContext) throws -> Void

    let books = DriverBooks()
    var making: @Sendable () throws -> Void = {}
    var opened: SideEvent = { side, _, context in
        // What came while the upstream is dialled waits.
        if side == .client { context.connect() } else { context.resume(.client) }
    }
    var unreachable: @Sendable (EndCause, PairSession, borrowing PairContext) throws -> Void = {
        cause, _, context in context.end(cause, reset: true)
    }
    var received: Offering = { data, side, _, context in
        guard side == .upstream || context.hasUpstream else { return }
        context.send(data.take(), to: side.other)
    }
    var linked: SideEvent = { _, _, _ in }
    var ended: Offering = { _, side, _, context in
        if side == .client { context.shutdown(.upstream) } else { context.end() }
    }
    var broken: Event = { _, context in context.end(.upstreamReset, reset: true) }
    var drained: SideEvent = { _, _, _ in }
    var timer: Event = { _, _ in }
    var draining: Event = { _, _ in }
    var closing: @Sendable (EndCause, PairSession, borrowing PairContext) -> Void = { _, _, _ in }

    func makeState() throws -> PairSession {
        try making()
        return PairSession(books)
    }

    func opened(
        _ side: PairSide, _ state: inout PairSession, _ context: borrowing PairContext
    ) throws {
        try opened(side, state, context)
    }

    func unreachable(
        _ cause: EndCause, _ state: inout PairSession, _ context: borrowing PairContext
    ) throws {
        try unreachable(cause, state, context)
    }

    func received(
        _ data: inout Buffer, from side: PairSide, _ state: inout PairSession,
        _ context: borrowing PairContext
    ) throws {
        try received(&data, side, state, context)
    }

    func linked(
        from side: PairSide, _ state: inout PairSession, _ context: borrowing PairContext
    ) throws {
        try linked(side, state, context)
    }

    func ended(
        _ rest: consuming Buffer, from side: PairSide, _ state: inout PairSession,
        _ context: borrowing PairContext
    ) throws {
        var rest = rest
        try ended(&rest, side, state, context)
    }

    func broken(
        _ rest: consuming Buffer, _ state: inout PairSession, _ context: borrowing PairContext
    ) throws {
        try broken(state, context)
    }

    func drained(
        _ side: PairSide, _ state: inout PairSession, _ context: borrowing PairContext
    ) throws {
        try drained(side, state, context)
    }

    func timer(_ state: inout PairSession, _ context: borrowing PairContext) throws {
        try timer(state, context)
    }

    func draining(_ state: inout PairSession, _ context: borrowing PairContext) throws {
        try draining(state, context)
    }

    func closing(
        _ cause: EndCause, _ state: inout PairSession, _ context: borrowing PairContext
    ) {
        books.count(closed: 1)
        closing(cause, state, context)
    }

    // MARK: A protocol of requests

    /// A line of a client is a request: `GET` and a text, or `PUT`, a text and a number of bytes
    /// that follow. It goes to an upstream as it is; the answer is a line with a number of bytes,
    /// and the bytes. Connections to upstreams are parked between requests.
    static var fetching: PairScript {
        var driver = PairScript()
        driver.opened = { side, session, context in
            guard side == .upstream else { return }
            let words = session.text.split(separator: " ")
            context.send(try Buffer(session.text + "\n"), to: .upstream)
            if words.count == 3, words[0] == "PUT", let count = UInt64(words[2]) {
                context.link(from: .client, bytes: count)
            }
        }
        driver.received = { data, side, session, context in
            switch side {
            case .client:
                guard let line = data.takeLine() else { return }
                session.text = line.text
                context.pause(.client)
                context.connect()
            case .upstream:
                guard session.number == 0, let line = data.takeLine() else { return }
                session.number = 1
                context.send(try Buffer(line.text + "\n"), to: .client)
                context.link(from: .upstream, bytes: UInt64(line.text) ?? 0)
            }
        }
        driver.linked = { side, session, context in
            guard side == .upstream else { return }
            session.number = 0
            session.text = ""
            context.park()
            context.resume(.client)
        }
        driver.ended = { _, side, session, context in
            context.end(side == .client && session.text.isEmpty ? .completed : .protocolError)
        }
        return driver
    }
}

extension Bridge {
    /// An engine of one pair whose driver speaks with both sides.
    static func paired(
        _ crossing: Crossing, _ variant: Variant, _ driver: some PairDriver,
        upstreams: [SocketName]? = nil, poolBytes: Int? = nil,
        configure change: (inout PairOptions) -> Void = { _ in }
    ) async throws -> Bridge {
        try await driven(crossing, variant, poolBytes: poolBytes) { names, path in
            var options = PairOptions()
            change(&options)
            let client = crossing.to.client(upstreams ?? names)
            let listener = crossing.from.server(client, path: path, options: options)
            return DrivenPair(driver, client, listen: listener.endpoint, options: options)
        }
    }
}

extension Bridge {
    /// A client's stream.
    func wire() throws -> Wire { try Wire(to: name) }
}

extension Wire {
    /// A line, without its line feed.
    func readLine() throws -> String {
        var bytes: [UInt8] = []
        while true {
            let byte = try read(exactly: 1)[0]
            guard byte != 0x0a else { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
    }
}
