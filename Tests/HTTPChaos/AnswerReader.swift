import PelmeniTesting

/// A response as its client sees it: the origin's, or one of the proxy's own.
struct AnswerReader {
    private(set) var status = 0
    private(set) var closes = false
    private(set) var isInterim = false
    private var id = 0
    private var isOwn = false
    private var body = 0
    private var owed: Int?
    private var hints = 0

    /// Reads a head. Returns how the body is framed.
    mutating func begin(
        _ head: WireHead, _ plan: ExchangePlan, _ book: HTTPBook
    ) throws -> WireReader.Framing {
        if id != plan.id { hints = 0 }
        id = plan.id
        status = try head.status()
        body = 0
        guard head["x-hop"] == nil else { throw WireError("a field of one connection: X-Hop") }
        isInterim = status < 200 && status != 101
        if isInterim {
            try checkInterim(head, plan)
            if status == 100 { book.hit(.httpContinued) }
            return .none
        }
        let options = head.list("connection")
        closes = plan.isOld ? !options.contains("keep-alive") : options.contains("close")
        isOwn = head["x-id"] == nil && !(book.isBridge && status == 200)
        if isOwn {
            try checkOwn(plan, book)
        } else {
            try checkOrigin(head, plan, book)
        }
        guard !plan.closes || closes || status == 101 else {
            throw WireError("response \(id) keeps the connection")
        }
        return try framing(head, plan, book)
    }

    private mutating func checkInterim(_ head: WireHead, _ plan: ExchangePlan) throws {
        guard !plan.isOld else { throw WireError("a \(status) for HTTP/1.0") }
        hints += status == 103 ? 1 : 0
        let isPlanned = status == 100 ? plan.awaits100 : status == 103 && hints <= plan.hints
        guard isPlanned else { throw WireError("a \(status) that nobody sent") }
        guard head["x-id"] ?? "\(plan.id)" == "\(plan.id)" else {
            throw WireError("a \(status) of another request")
        }
    }

    private func checkOwn(_ plan: ExchangePlan, _ book: HTTPBook) throws {
        if plan.kind == .forwards, status == 200 || status == 405 { return }
        guard book.permits(status, id) else {
            throw WireError("request \(id) is answered with \(status), \(book.progress[id])")
        }
        guard closes else { throw WireError("a \(status) of the proxy's own keeps the connection") }
        book.hit(plan.isRefused ? .httpRefused : .httpFailed)
    }

    private func checkOrigin(
        _ head: WireHead, _ plan: ExchangePlan, _ book: HTTPBook
    ) throws {
        guard book.progress[id].arrivals > 0 else {
            throw WireError("request \(id) is answered, and no origin has it")
        }
        guard !book.isBridge else { return }
        guard head["x-id"] == "\(id)" else {
            throw WireError("request \(id) has the response of \(head["x-id"] ?? "")")
        }
        guard status == plan.status, head["x-pad"] == "ab  cd" else {
            throw WireError("response \(id) is another one: \(head)")
        }
    }

    private mutating func framing(
        _ head: WireHead, _ plan: ExchangePlan, _ book: HTTPBook
    ) throws -> WireReader.Framing {
        let length = head["content-length"].flatMap(Int.init)
        let isChunked = head["transfer-encoding"] == "chunked"
        guard length == nil || !isChunked, !isChunked || !plan.isOld else {
            throw WireError("response \(id) is framed twice, or in chunks for HTTP/1.0")
        }
        owed = isOwn ? length : plan.hasBody ? plan.down.count : 0
        // A client that does not send all of a head is told so with a body.
        if plan.isHead, !isOwn || status != 408 {
            owed = 0
            if !isOwn, !book.isHooked, status != 204, status != 304,
                case .length(let count) = plan.down, length != count
            {
                throw WireError("the response to HEAD \(id) has the length \(length ?? -1)")
            }
            return .none
        }
        if status == 204 || status == 304 || status == 101 { return .none }
        if isChunked { return .chunked }
        if let length { return .bytes(length) }
        guard plan.isOld else { throw WireError("response \(id) has no end") }
        return .untilEnd
    }

    mutating func take(_ part: ArraySlice<UInt8>, _ book: HTTPBook) throws {
        if !isOwn { try book.check(part, id, isUp: false, at: body) }
        body += part.count
    }

    /// The response is complete: so it is whole.
    func check(_ book: HTTPBook) throws {
        guard body == owed ?? body else {
            throw WireError("response \(id) looks whole with \(body) of \(owed ?? 0) bytes")
        }
        guard !isOwn else { return }
        guard book.progress[id].isAnswered else {
            throw WireError("response \(id) looks whole, which its origin has not ended")
        }
        book.hit(book.isBridge ? .bridgeAnswered : .httpAnswered)
    }
}

/// One end of a tunnel.
struct TunnelEnd {
    let id: Int
    let isClient: Bool
    let sends: Int
    let takes: Int
    private(set) var taken = 0
    private(set) var hasSent = false

    init(id: Int, isClient: Bool, sends: Int, takes: Int) {
        self.id = id
        self.isClient = isClient
        self.sends = sends
        self.takes = takes
    }

    var isWhole: Bool { taken == takes }

    mutating func take(_ part: ArraySlice<UInt8>, _ book: HTTPBook) throws {
        try book.check(part, id, isUp: !isClient, at: taken)
        taken += part.count
        guard taken <= takes else { throw WireError("the tunnel of \(id) has more bytes") }
    }

    mutating func produce(_ stage: inout StreamStage, _ book: HTTPBook) {
        guard !hasSent else { return }
        hasSent = true
        stage.output += BodyPlan.bytes(book.identity(id, isUp: isClient), sends)
    }
}
