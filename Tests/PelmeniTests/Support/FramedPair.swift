import Glibc
import Pelmeni
import PelmeniCore
import TestSupport
import Testing

/// A pair of two streams, with a framing for each end.
struct FramedPair: Sendable, CustomTestStringConvertible {
    var crossing: Crossing
    /// The framing of the client's stream, and of the upstream's.
    var near: Framing
    var far: Framing

    init(_ crossing: Crossing, _ near: Framing, _ far: Framing) {
        self.crossing = crossing
        self.near = near
        self.far = far
    }

    var testDescription: String { "\(crossing.testDescription), \(near) to \(far)" }

    /// Each framing to each framing over TCP, and some of them where a side is a Unix socket.
    static let all: [FramedPair] = {
        let framings: [Framing] = [
            .u16be, .u32be, .octetCount, .line, .delimiter(0x1e), .fixed(5),
        ]
        let overTCP = framings.flatMap { near in framings.map { FramedPair(.streams, near, $0) } }
        let syslog = [
            FramedPair(.streams, .syslog, .line), FramedPair(.streams, .u16be, .syslog),
        ]
        let overUnix = Crossing.framed.dropFirst().flatMap {
            [
                FramedPair($0, .u16be, .line), FramedPair($0, .line, .u32be),
                FramedPair($0, .octetCount, .delimiter(0x1e)),
            ]
        }
        return overTCP + syslog + overUnix
    }()

    var framings: [Framing] { [near, far] }
    var isFixed: Bool { framings.contains(.fixed(5)) }
    var hasU16: Bool { framings.contains(.u16be) }
    var mayBeEmpty: Bool {
        !framings.contains(.octetCount) && !framings.contains(.syslog) && !isFixed
    }

    /// The same with messages of another fixed size.
    func sized(_ size: Int) -> FramedPair {
        let framings = framings.map { $0 == .fixed(5) ? Framing.fixed(size) : $0 }
        return FramedPair(crossing, framings[0], framings[1])
    }

    /// A message without a byte that would end it.
    func message(_ key: Int, _ count: Int) -> [UInt8] {
        var message = Pattern.shared.stream(key: key, count: count)
        var ends = framings.compactMap { TestFrame.end(of: $0) }
        guard !ends.isEmpty else { return message }
        ends.append(contentsOf: ends)
        let (one, other) = (ends[0], ends[1])
        message.withUnsafeMutableBufferPointer {
            for at in $0.indices where $0[at] == one || $0[at] == other { $0[at] = 0x41 }
        }
        if message.last == 0x0d { message[message.count - 1] = 0x42 }
        return message
    }

    func start(
        _ variant: Variant, frameBytesMax: Int? = nil, poolBytes: Int? = nil,
        _ change: (inout PairOptions) -> Void = { _ in }
    ) async throws -> Bridge {
        let folder = try TemporaryFolder()
        let origin = try BridgeOrigin(crossing.to, path: folder.file("origin"))
        let log = LogCollector()
        var options = PairOptions()
        options.framing = near
        options.frameBytesMax = frameBytesMax
        change(&options)
        let server = crossing.from.server(
            client(origin.name), path: folder.file("server"), options: options)
        let engine = try Engine.variant(variant, servers: [server]) {
            $0.log = log.sink
            if let poolBytes { $0.poolBytes = poolBytes }
        }
        try await engine.start()
        return Bridge(
            crossing: crossing, engine: engine, origin: origin, log: log, folder: folder)
    }

    private func client(_ name: SocketName) -> any Client {
        switch name {
        case .port(let port): TCPClient("127.0.0.1", port: port, framing: far)
        case .path(let path): UnixClient(path, framing: far)
        }
    }
}

extension Crossing {
    static let streams = Crossing(from: .tcp, to: .tcp)
    /// Every kind of stream to every kind of stream.
    static let framed = all.filter { !$0.hasDatagrams }
}

/// Messages as they stand in a stream, written without the engine's own framings.
enum TestFrame {
    /// The byte that ends a message.
    static func end(of framing: Framing) -> UInt8? {
        switch framing {
        case .line: 0x0a
        case .delimiter(let byte): byte
        default: nil
        }
    }

    static func bytes(_ framing: Framing, _ message: [UInt8]) -> [UInt8] {
        let count = message.count
        switch framing {
        case .u16be: return [UInt8(count / 256), UInt8(count % 256)] + message
        case .u32be:
            return [0, UInt8(count / 65_536), UInt8(count / 256 % 256), UInt8(count % 256)]
                + message
        case .octetCount, .syslog: return Array("\(count) ".utf8) + message
        default: return message + (end(of: framing).map { [$0] } ?? [])
        }
    }

    static func bytes(_ framing: Framing, _ text: String) -> [UInt8] {
        bytes(framing, Array(text.utf8))
    }

    static func all(_ framing: Framing, _ messages: [[UInt8]]) -> [UInt8] {
        messages.flatMap { bytes(framing, $0) }
    }

    /// The same from a sender that ends every other line with a carriage return, too.
    static func sent(_ framing: Framing, _ messages: [[UInt8]]) -> [UInt8] {
        messages.enumerated().flatMap { number, message in
            bytes(framing, number % 2 == 1 && framing == .line ? message + [0x0d] : message)
        }
    }
}

/// Compares long streams: a difference is its place.
func expectSame(
    _ got: [UInt8], _ wanted: [UInt8], _ what: String = "",
    _ location: SourceLocation = #_sourceLocation
) {
    guard got != wanted else { return }
    let place = zip(got, wanted).enumerated().first { $1.0 != $1.1 }?.offset
    Issue.record(
        """
        \(what): \(got.count) of \(wanted.count) bytes, the first wrong one is \
        \(place.map(String.init) ?? "none"), seed \(Pattern.processSeed)
        """, sourceLocation: location)
}
