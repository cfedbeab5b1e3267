import TestSupport
import Testing

@testable import PelmeniHTTP

/// However a head is cut, its verdict is the same: each prefix has none, or that of the whole.
@Suite struct HeadSplitTests {
    static let requests = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\nPOST /a?b=[c] HTTP/1.0\r\nContent-Length: 12\r\nX: \t y \t\r\n\r\n",
        "PUT http://h:80/x HTTP/1.1\r\nHost: h:80\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: [::1]:8\r\nMax-Forwards: 3\r\nConnection: x, y\r\nX: 1\r\n\r\n",
        "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: h2c, websocket\r\nConnection: Upgrade\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n", "GET /\r\n\r\n", "GET / HTTP/2.0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nA : 1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nA: \0\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
    ]

    static let responses = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HTTP/1.0 404\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
        "HTTP/1.1 200 \r\nA : b\r\nC: d\r\n e\r\n\r\n", "HTTP/1.1 099 no\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 900\r\nConnection: close\r\n\r\n",
    ]

    static let bodies = [
        "5\r\nhello\r\n0\r\n\r\n", "A;x=\"y\"\r\n0123456789\r\n00\r\n", "0\r\nTrailer: x\r\n\r\n",
        "5 \r\nhello\r\n", "-1\r\n", "ffffffffffffffff\r\n", "3\r\nabcd\r\n", "3\nabc\n",
    ]

    static let limits: HTTPLimits = {
        var limits = HTTPLimits()
        limits.headBytes = 1 << 10
        limits.requestLineBytes = 256
        limits.fields = 8
        limits.chunkExtensionBytes = 16
        return limits.usable
    }()

    @Test func samples() {
        for text in Self.requests { expectStable(Array(text.utf8), HeadVerdict.ofRequest) }
        for text in Self.responses { expectStable(Array(text.utf8), HeadVerdict.ofResponse) }
    }

    /// Bytes are changed, left out and doubled, by a printed seed.
    @Test func mutatedSamples() {
        var random = TestGenerator()
        for _ in 0..<3_000 {
            let request = mutated(Self.requests, &random)
            expectStable(request, HeadVerdict.ofRequest)
            expectStable(mutated(Self.responses, &random), HeadVerdict.ofResponse)
        }
    }

    @Test func mutatedBodies() {
        var random = TestGenerator()
        for round in 0..<20_000 {
            let bytes =
                round < Self.bodies.count
                ? Array(Self.bodies[round].utf8) : mutated(Self.bodies, &random)
            let whole = BodyVerdict(bytes, cuts: [], Self.limits)
            for cut in 0...bytes.count {
                let parts = BodyVerdict(bytes, cuts: [cut, cut + 1, cut + 3], Self.limits)
                #expect(parts == whole, "\(bytes) at \(cut)")
            }
        }
    }

    private func expectStable(
        _ bytes: [UInt8], _ verdict: ([UInt8], HTTPLimits) -> HeadVerdict,
        _ location: SourceLocation = #_sourceLocation
    ) {
        let whole = verdict(bytes, Self.limits)
        for count in 0..<bytes.count {
            let part = verdict(Array(bytes.prefix(count)), Self.limits)
            #expect(
                part == .more || part == whole,
                "\(count) of \(String(decoding: bytes, as: UTF8.self))",
                sourceLocation: location)
        }
    }

    private func mutated(_ samples: [String], _ random: inout TestGenerator) -> [UInt8] {
        var bytes = Array((samples.randomElement(using: &random) ?? "").utf8)
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: at)
            case 2: bytes.insert(bytes[at], at: at)
            case 3:
                bytes[at] = [0x0a, 0x0d, 0x20, 0x09, 0x3a, 0x2c].randomElement(using: &random) ?? 0
            default:
                let part = (samples.randomElement(using: &random) ?? "").utf8.suffix(20)
                bytes.insert(contentsOf: part, at: at)
            }
        }
        return bytes
    }
}

/// What is read of the bytes of a head.
enum HeadVerdict: Equatable {
    case more
    case refused(HTTPRefusal)
    case head(end: Int, BodyLength, String)

    static func ofRequest(_ bytes: [UInt8], _ limits: HTTPLimits) -> HeadVerdict {
        read(bytes) { octets throws(HTTPRefusal) in
            try RequestHead.read(octets, limits).map {
                .head(end: $0.end, $0.body, "\($0.method) \($0.target) \($0.facts.marks.rawValue)")
            }
        }
    }

    static func ofResponse(_ bytes: [UInt8], _ limits: HTTPLimits) -> HeadVerdict {
        read(bytes) { octets throws(HTTPRefusal) in
            try ResponseHead.read(octets, limits, isToHead: false).map {
                .head(end: $0.end, $0.body, "\($0.status) \($0.facts.marks.rawValue)")
            }
        }
    }

    private static func read(
        _ bytes: [UInt8], _ body: (Octets) throws(HTTPRefusal) -> HeadVerdict?
    ) -> HeadVerdict {
        // Memory of exactly these bytes: what is read beyond them is found by the sanitizer.
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, bytes.count))
        defer { memory.deallocate() }
        memory.initialize(from: bytes, count: bytes.count)
        do throws(HTTPRefusal) {
            return try body(Octets(memory, count: bytes.count)) ?? .more
        } catch {
            return .refused(error)
        }
    }
}

/// What is read of a chunked body, in parts.
struct BodyVerdict: Equatable {
    var data: [UInt8] = []
    var isOver = false
    var refusal: HTTPRefusal?

    init(_ bytes: [UInt8], cuts: [Int], _ limits: HTTPLimits) {
        var decoder = ChunkDecoder()
        var first = 0
        for cut in cuts.filter({ $0 <= bytes.count }) + [bytes.count] {
            let part = Array(bytes[first..<cut])
            first = cut
            guard take(part, &decoder, limits) else { return }
        }
    }

    private mutating func take(
        _ part: [UInt8], _ decoder: inout ChunkDecoder, _ limits: HTTPLimits
    ) -> Bool {
        part.withUnsafeBufferPointer { memory in
            guard let start = memory.baseAddress else { return true }
            let octets = Octets(start, count: memory.count)
            var at = 0
            while at < memory.count {
                let passed = min(Int(clamping: decoder.dataLeft), memory.count - at)
                if passed > 0 {
                    data += memory[at..<at + passed]
                    decoder.skip(UInt64(passed))
                    at += passed
                    continue
                }
                do throws(HTTPRefusal) {
                    let (step, taken) = try decoder.next(octets, from: at, limits)
                    at += taken
                    if step == .trailers {
                        isOver = true
                        return false
                    }
                } catch {
                    refusal = error
                    return false
                }
            }
            return true
        }
    }
}
