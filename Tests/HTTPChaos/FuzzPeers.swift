import Pelmeni
import PelmeniHTTP
import PelmeniTesting

/// An input, taken apart.
struct FuzzInput: Sendable {
    enum PartEnd: UInt8 {
        case reset = 0xfc
        case end = 0xfd
        case none = 0xfe
    }

    struct Part {
        var bytes: [UInt8] = []
        var end = PartEnd.end
    }

    let options: UInt8
    let client: [UInt8]
    /// Of all connections together, in order.
    let parts: [Part]

    init(_ bytes: ArraySlice<UInt8>, options: UInt8) {
        self.options = options
        var parts: [Part] = [Part()]
        for byte in bytes {
            guard let end = PartEnd(rawValue: byte) else {
                parts[parts.count - 1].bytes.append(byte)
                continue
            }
            parts[parts.count - 1].end = end
            parts.append(Part())
        }
        client = parts[0].bytes
        self.parts = Array(parts.dropFirst())
    }

    var bytes: Int { client.count + parts.reduce(0) { $0 + $1.bytes.count } }

    func server() -> HTTPServer {
        var client = HTTPClient("origin.example", 80)
        if options & 1 != 0 {
            client = client.beforeSend(collecting: 1 << 20) { _, _ in .forward }
        }
        if options & 2 != 0 {
            client = client.beforeRespond(collecting: 1 << 20) { _, _ in .forward }
        }
        var server = HTTPServer(client, port: 8080)
        server.forwarding = options & 4 != 0 ? [.via, .xForwarded, .forwarded] : []
        server.halfClose = options & 8 != 0 ? .abort : .deliver
        if options & 16 != 0 {
            server.limits.headBytes = 1 << 10
            server.limits.fields = 8
            server.limits.chunkExtensionBytes = 16
            server.limits.trailerBytes = 64
        }
        return server
    }
}

/// What the peers of a run have seen.
final class FuzzRecord: @unchecked Sendable {
    let input: FuzzInput
    var verdict = ConnectionFuzz.Verdict()
    /// The next part.
    var next = 0
    /// A part went out behind which it depends on the time where the next request goes.
    var isOpenEnded = false

    init(_ input: FuzzInput) { self.input = input }
}

final class FuzzPrograms: PeerPrograms {
    private let record: FuzzRecord
    let writesAtOnce: Bool

    init(_ record: FuzzRecord, writesAtOnce: Bool) {
        self.record = record
        self.writesAtOnce = writesAtOnce
    }

    func client(_ number: Int) -> any StreamProgram { FuzzClient(record) }

    func upstream(_ number: Int) -> any StreamProgram {
        record.verdict.origins.append(ConnectionEnd())
        return FuzzOrigin(record, record.verdict.origins.count - 1)
    }

    func judge(_ outcome: SimulationOutcome) -> [String] { [] }

    var points: [SimulatedPoint: UInt64] { [:] }
}

/// Sends all bytes, and ends its stream once nothing more comes.
final class FuzzClient: StreamProgram {
    private static let patience: UInt64 = 10_000_000_000

    private let record: FuzzRecord
    private var hasSent = false
    private var endsAt: UInt64 = 0

    init(_ record: FuzzRecord) { self.record = record }

    func act(_ stage: inout StreamStage) {
        record.verdict.client.came += stage.came
        if stage.end != .none, record.verdict.client.end == .none {
            record.verdict.client.end = stage.end
        }
        if !hasSent {
            hasSent = true
            stage.output = record.input.client
        }
        if !stage.came.isEmpty || stage.unsent > 0 || endsAt == 0 {
            endsAt = stage.now + Self.patience
        }
        stage.ends = stage.now >= endsAt || stage.end == .clean
        stage.wakesAt = endsAt
    }
}

/// Sends a part once the bytes of a request have come, and then none for a while.
final class FuzzOrigin: StreamProgram {
    private static let quiet: UInt64 = 1_000_000_000

    private let record: FuzzRecord
    private let number: Int
    private var answersAt: UInt64 = 0
    private var sent = 0
    private var isOver = false
    private var resets = false
    private var requests: WireReader?
    private var isHead = false
    /// The last response says that its connection ends.
    private var closes = false

    init(_ record: FuzzRecord, _ number: Int) {
        self.record = record
        self.number = number
        var reader = WireReader()
        reader.takesHighBytes = true
        requests = reader
    }

    func act(_ stage: inout StreamStage) {
        record.verdict.origins[number].came += stage.came
        if stage.end != .none, record.verdict.origins[number].end == .none {
            record.verdict.origins[number].end = stage.end
        }
        if !stage.came.isEmpty {
            if record.isOpenEnded { record.verdict.isAmbiguous = true }
            if !isOver { answersAt = stage.now + Self.quiet }
            read(stage.came)
        }
        if stage.end == .clean { stage.ends = true }
        // A reset may destroy bytes that are on their way, and no proxy knows of these.
        if resets, stage.arrived == sent { stage.resets = true }
        guard answersAt != 0, !isOver, stage.end == .none else { return }
        guard stage.now >= answersAt else {
            stage.wakesAt = answersAt
            return
        }
        answersAt = 0
        send(&stage)
    }

    private func send(_ stage: inout StreamStage) {
        guard record.next < record.input.parts.count else {
            isOver = true
            stage.ends = true
            return
        }
        let part = record.input.parts[record.next]
        record.next += 1
        stage.output = part.bytes
        sent += part.bytes.count
        isOver = part.end != .none
        stage.ends = part.end == .end
        resets = part.end == .reset
        if resets, part.bytes.isEmpty { stage.resets = true }
        let kind = kind(of: part)
        if resets || kind != .whole { record.verdict.origins[number].hasOpenEnd = true }
        // Where an origin ends a connection that its response keeps, the next request may be on its
        // way there already. So may the first bytes behind a response be those of the next one.
        let isDecided = kind == .whole && (part.end == .none || closes) || kind == .untilEnd
        if !isDecided { record.isOpenEnded = true }
    }

    /// Reads the requests: nil once they are none.
    private func read(_ bytes: [UInt8]) {
        requests?.feed(bytes)
        do {
            while let event = try requests?.next() {
                guard case .head(let head) = event else { continue }
                isHead = head.first.hasPrefix("HEAD ")
                let length = head["content-length"].flatMap(Int.init)
                requests?.begin(
                    head["transfer-encoding"] != nil ? .chunked : .bytes(length ?? 0))
            }
        } catch {
            requests = nil
        }
    }

    private enum PartKind {
        /// One whole response to the last request, and nothing else.
        case whole
        /// One that the connection's end ends.
        case untilEnd
        case other
    }

    private func kind(of part: FuzzInput.Part) -> PartKind {
        guard requests?.isBetween == true else { return .other }
        var reader = WireReader()
        reader.takesHighBytes = true
        reader.feed(part.bytes)
        var isInterim = false
        do {
            while let event = try reader.next() {
                switch event {
                case .head(let head):
                    let status = try head.status()
                    isInterim = status < 200
                    guard status != 101 else { return .other }
                    closes = head.list("connection").contains("close")
                    let hasBody = !isInterim && !isHead && status != 204 && status != 304
                    let length = head["content-length"].flatMap(Int.init)
                    let isChunked = head["transfer-encoding"] != nil
                    guard !hasBody || isChunked || length != nil else {
                        return part.end == .end ? .untilEnd : .other
                    }
                    reader.begin(
                        !hasBody ? .none : isChunked ? .chunked : .bytes(length ?? 0))
                case .data: continue
                case .complete where isInterim: continue
                case .complete: return reader.isBetween ? .whole : .other
                }
            }
        } catch {
            return .other
        }
        return .other
    }
}
