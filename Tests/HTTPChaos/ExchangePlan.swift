import PelmeniTesting

/// What a body is, and how it is framed.
enum BodyPlan: Equatable {
    case none
    case length(Int)
    /// In chunks of these sizes in turn.
    case chunked(Int, [Int])
    case untilEnd(Int)

    var count: Int {
        switch self {
        case .none: 0
        case .length(let count), .chunked(let count, _), .untilEnd(let count): count
        }
    }

    /// The field that tells the framing.
    var field: String {
        switch self {
        case .none, .untilEnd: ""
        case .length(let count): "Content-Length: \(count)\r\n"
        case .chunked: "Transfer-Encoding: chunked\r\n"
        }
    }

    static func bytes(_ identity: UInt64, _ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { memory, filled in
            filled = count
            guard let base = memory.baseAddress else { return }
            FlowContent.fill(base, identity: identity, position: 0, count: count)
        }
    }

    /// The body on the wire.
    func wire(_ identity: UInt64, trailer: String = "") -> [UInt8] {
        let bytes = Self.bytes(identity, count)
        guard case .chunked(let count, let sizes) = self else { return bytes }
        var text: [UInt8] = []
        var at = 0
        var turn = 0
        while at < count {
            let size = min(sizes[turn % sizes.count], count - at)
            text += Array("\(String(size, radix: 16))\(turn % 3 == 1 ? ";a=b" : "")\r\n".utf8)
            text += bytes[at..<at + size]
            text += [13, 10]
            at += size
            turn += 1
        }
        return text + Array("0\r\n\(trailer)\r\n".utf8)
    }
}

/// Requests that are refused, and the status of the answer.
enum BadRequests {
    static let all: [(status: Int, text: String)] = [
        (400, "GET /bad HTTP/1.1\r\n\r\n"),
        (400, "GET /bad HTTP/1.1\nHost: a\n\n"),
        (400, "GET /bad HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        (
            400,
            "POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        (
            400,
            "POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"
                + "abcd"
        ),
        (400, "GET /bad HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n"),
        (400, "GET /bad HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n"),
        (405, "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"),
        (
            501,
            "POST /bad HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
                + "0\r\n\r\n"
        ),
        (505, "GET /bad HTTP/2.0\r\nHost: a\r\n\r\n"),
        (
            431,
            "GET /bad HTTP/1.1\r\nHost: a\r\n"
                + String(repeating: "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n", count: 300)
                + "\r\n"
        ),
    ]
}

/// A request, its response, and what goes wrong with either.
struct ExchangePlan {
    enum Kind: Equatable {
        case plain
        /// The proxy answers it itself, and keeps the connection.
        case forwards
        case refused(status: Int, text: String)
        /// A tunnel with bytes of each side; or a response that declines.
        case upgrade(up: Int, down: Int)
    }

    /// How an origin fails an exchange.
    enum Failure: Equatable {
        case none
        /// Behind so many bytes of the response.
        case dies(after: Int, byReset: Bool)
        /// Its response is no HTTP.
        case invalid
        /// There is never a response.
        case silent
    }

    var id = 0
    var client = 0
    /// The place among the client's requests.
    var index = 0
    var kind = Kind.plain
    var method = "GET"
    var isOld = false
    var closes = false
    var up = BodyPlan.none
    var awaits100 = false
    var padding = 0

    var status = 200
    var hints = 0
    var down = BodyPlan.length(0)
    var originCloses = false
    /// The response goes out behind so many bytes of the request's body; nil is behind all.
    var early: Int?
    var failure = Failure.none
    var delay: UInt64 = 0

    var isHead: Bool { method == "HEAD" }
    /// Whether the proxy may send it twice.
    var mayRepeat: Bool { up == .none && ["GET", "HEAD", "OPTIONS"].contains(method) }
    var isRefused: Bool {
        if case .refused = kind { return true }
        return false
    }
    var hasBody: Bool { !isHead && status != 204 && status != 304 && !isUpgrade }
    var isUpgrade: Bool {
        if case .upgrade = kind { return true }
        return false
    }

    // MARK: On the wire

    func requestHead() -> [UInt8] {
        if case .refused(_, let text) = kind { return Array(text.utf8) }
        var text = "\(method) /x/\(id)?a=[b] HTTP/\(isOld ? "1.0" : "1.1")\r\n"
        text += "Host: origin.example\r\nX-Id: \(id)\r\n"
        if kind == .forwards { text += "Max-Forwards: 0\r\n" }
        if padding > 0 { text += "X-Pad: \(String(repeating: "p", count: padding))\r\n" }
        text += up.field
        if awaits100 { text += "Expect: 100-continue\r\n" }
        if isUpgrade {
            text += "Connection: Upgrade\r\nUpgrade: websocket\r\n"
        } else {
            let option = closes ? "close, X-Hop" : isOld ? "keep-alive, X-Hop" : "X-Hop"
            text += "Connection: \(option)\r\nX-Hop: 1\r\n"
        }
        return Array((text + "\r\n").utf8)
    }

    var trailer: String { "X-Sum: \(id)\r\n" }

    func hint() -> [UInt8] { Array("HTTP/1.1 103 Early Hints\r\nX-Id: \(id)\r\n\r\n".utf8) }

    func response(_ book: HTTPBook) -> [UInt8] {
        var text = "HTTP/1.1 \(status) Words of a reason\r\nX-Id: \(id)\r\nX-Pad: ab  cd\r\n"
        if status == 101 {
            text += "Connection: Upgrade\r\nUpgrade: websocket\r\n"
        } else {
            if status != 204 { text += down.field }
            text += "Connection: \(originCloses ? "close, " : "")X-Hop\r\nX-Hop: 1\r\n"
        }
        let head = Array((text + "\r\n").utf8)
        return hasBody ? head + down.wire(book.identity(id, isUp: false)) : head
    }
}
