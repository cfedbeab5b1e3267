/// What a request of HTTP/1.1 asks an ``OriginKind/http`` origin for. The request's target says it,
/// so that the origin can check every byte of the request, and the load every byte of the answer,
/// without shared memory: `/BYTES/SEED`, the length of the answer's body and the seed of both
/// bodies. `/` asks for a small fixed answer, as wrk does.
struct HTTPWork: Equatable {
    /// The most bytes that a written head takes.
    static let headBytesMax = 160
    static let fixed = HTTPWork(seed: 0, requestBytes: 0, answerBytes: 32, isLast: false)

    var seed: UInt64
    /// Bytes of the request's body; a request without one is a GET.
    var requestBytes: UInt32
    /// Bytes of the answer's body.
    var answerBytes: UInt32
    /// The connection ends behind the answer.
    var isLast: Bool

    /// The seed of the answer's own stream: a returned request would not pass for it.
    var answerSeed: UInt64 { ~seed }

    // MARK: Writing

    /// Writes a request's head, and returns its length.
    func writeRequest(_ bytes: UnsafeMutableRawPointer) -> Int {
        var text = HTTPText(bytes)
        text.put(requestBytes == 0 ? "GET /" : "POST /")
        text.put(decimal: answerBytes)
        text.put("/")
        text.put(hexadecimal: seed)
        text.put(" HTTP/1.1\r\nHost: pelmeni\r\n")
        if requestBytes > 0 { putLength(requestBytes, &text) }
        putEnd(&text)
        return text.count
    }

    /// Writes the head of the answer, and returns its length.
    func writeAnswer(_ bytes: UnsafeMutableRawPointer) -> Int {
        var text = HTTPText(bytes)
        text.put("HTTP/1.1 200 OK\r\n")
        putLength(answerBytes, &text)
        putEnd(&text)
        return text.count
    }

    private func putLength(_ count: UInt32, _ text: inout HTTPText) {
        text.put("Content-Length: ")
        text.put(decimal: count)
        text.put("\r\n")
    }

    private func putEnd(_ text: inout HTTPText) {
        text.put(isLast ? "Connection: close\r\n\r\n" : "\r\n")
    }

    // MARK: Reading

    init(seed: UInt64, requestBytes: UInt32, answerBytes: UInt32, isLast: Bool) {
        self.seed = seed
        self.requestBytes = requestBytes
        self.answerBytes = answerBytes
        self.isLast = isLast
    }

    /// Reads a request's head; nil when it is malformed, or none that a load sends.
    init?(reading head: UnsafeRawBufferPointer) {
        var lines = HTTPLines(head)
        guard let line = lines.next(), let facts = HTTPFacts(reading: &lines), facts.hosts == 1,
            let work = Self.work(requestLine: line)
        else { return nil }
        let bodyBytes = facts.contentLength ?? 0
        guard bodyBytes == 0 || line.first == UInt8(ascii: "P") else { return nil }
        self = work
        requestBytes = bodyBytes
        isLast = facts.closes
    }

    /// `GET /64/0123456789abcdef HTTP/1.1`.
    private static func work(requestLine: Slice<UnsafeRawBufferPointer>) -> HTTPWork? {
        var rest = requestLine
        guard HTTPText.drop("GET /", &rest) || HTTPText.drop("POST /", &rest) else { return nil }
        let version = rest.suffix(9)
        guard HTTPText.isEqual(version, " HTTP/1.1") else { return nil }
        rest = rest.dropLast(9)
        if rest.isEmpty { return fixed }
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")),
            let bytes = HTTPText.decimal(rest[..<slash]),
            let seed = HTTPText.hexadecimal(rest[(slash + 1)...])
        else { return nil }
        return HTTPWork(seed: seed, requestBytes: 0, answerBytes: bytes, isLast: false)
    }

    /// The fault of an answer's head, or nil. Every byte of what an origin writes is wanted back;
    /// fields that a proxy added are ignored.
    static func fault(ofAnswer head: UnsafeRawBufferPointer, bytes: UInt32) -> Fault? {
        var lines = HTTPLines(head)
        guard let line = lines.next(), let facts = HTTPFacts(reading: &lines) else {
            return .wrongHead
        }
        guard HTTPText.isEqual(line, "HTTP/1.1 200 OK") else {
            var rest = line
            return HTTPText.drop("HTTP/1.1 ", &rest) ? .wrongStatus : .wrongHead
        }
        return facts.contentLength == bytes ? nil : .wrongHead
    }
}
