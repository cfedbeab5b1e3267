import PelmeniTesting

/// How an origin's connection behaves beside its responses.
struct OriginHabits {
    /// Ends a kept connection this long behind a response; 0 is never.
    var idle: UInt64 = 0
    var endsByReset = false
    /// Sends what nobody asked for, this long behind a response; 0 is never.
    var lateBytes: UInt64 = 0
    /// Reads nothing for a while behind so many bytes.
    var pausesAt = Int.max
    var pause: UInt64 = 0
}

/// A connection of an origin of HTTP: judges each request, and answers it as planned.
final class ChaosOrigin: StreamProgram {
    let book: HTTPBook
    let habits: OriginHabits
    private var reader = WireReader()
    private var id = -1
    private var body = 0
    /// The head of a request was read, and its body is not complete.
    private var isMidRequest = false
    /// The response goes out at this time; 0 without one.
    private var answersAt: UInt64 = 0
    /// 100 Continue is to go out; the response is.
    private var isHinted = false
    private var isAnswered = false
    private var served = 0
    private var received = 0
    /// When a kept connection does something by itself.
    private var strayAt: UInt64 = 0
    /// The connection is over for the origin.
    private var isClosing = false
    /// The last response said so.
    private var saysClose = false
    private var tunnel: TunnelEnd?
    private var hasEnded = false
    /// The body of a request whose exchange only its bytes tell.
    private var collected: [UInt8] = []

    init(_ book: HTTPBook, _ habits: OriginHabits) {
        self.book = book
        self.habits = habits
    }

    private var plan: ExchangePlan { book.plans[id] }
    private var isIdle: Bool { !isMidRequest && answersAt == 0 && tunnel == nil }

    func act(_ stage: inout StreamStage) {
        do {
            let before = id
            if !stage.came.isEmpty { try take(stage) }
            if id != before { stage.note = "request \(id), \(plan.failure)" }
            if received >= habits.pausesAt, habits.pause > 0,
                received - stage.came.count < habits.pausesAt
            {
                stage.readsFrom = stage.now + habits.pause
            }
            if stage.end != .none { try ended(stage) }
        } catch let error as WireError {
            stage.fault = error.text
        } catch {
            stage.fault = "\(error)"
        }
        guard stage.fault == nil, stage.end == .none || stage.end == .clean else { return }
        if tunnel != nil {
            tunnel?.produce(&stage, book)
            stage.ends = true
        } else {
            answer(&stage)
            stray(&stage)
        }
        if stage.end == .clean { stage.ends = true }
    }

    // MARK: Requests

    private func take(_ stage: StreamStage) throws {
        received += stage.came.count
        if tunnel != nil {
            try tunnel?.take(stage.came[...], book)
            return
        }
        // What comes at a connection that the origin has given up is lost.
        if isClosing {
            guard !saysClose || isMidRequest else {
                throw WireError("bytes behind a response that closes, \(id)")
            }
            return try lose(stage.came)
        }
        reader.feed(stage.came)
        while tunnel == nil, let event = try reader.next() {
            switch event {
            case .head(let head): try headCame(head, stage)
            case .data(let part): try dataCame(part, stage)
            case .complete: try completed(stage)
            }
        }
    }

    /// The requests in these bytes are spoilt: the origin does not read them any more.
    private func lose(_ bytes: [UInt8]) throws {
        reader.feed(bytes)
        while let event = try? reader.next() {
            guard case .head(let head) = event else { continue }
            reader.begin(try framing(head))
            if let id = head["x-id"].flatMap(Int.init), book.plans.indices.contains(id) {
                try book.arrived(id)
                book.progress[id].isSpoilt = true
            }
        }
    }

    private func framing(_ head: WireHead) throws -> WireReader.Framing {
        let length = head["content-length"].flatMap(Int.init)
        let isChunked = head["transfer-encoding"] == "chunked"
        guard length == nil || !isChunked else { throw WireError("a request framed twice") }
        return isChunked ? .chunked : .bytes(length ?? 0)
    }

    private func headCame(_ head: WireHead, _ stage: StreamStage) throws {
        guard isIdle else { throw WireError("a request before the response: \(head.first)") }
        reader.begin(try framing(head))
        body = 0
        collected = []
        isMidRequest = true
        guard !book.isBridge else {
            guard head.first == "POST / HTTP/1.1", head["content-length"] != nil else {
                throw WireError("a message is not posted: \(head)")
            }
            return
        }
        guard let number = head["x-id"].flatMap(Int.init), book.plans.indices.contains(number)
        else { throw WireError("an unknown request: \(head)") }
        id = number
        guard head.first == "\(plan.method) /x/\(id)?a=[b] HTTP/1.1" else {
            throw WireError("request \(id) has the line \(head.first)")
        }
        try check(head)
        try begin()
        isHinted = plan.awaits100 && plan.early == nil
        if let early = plan.early, early == 0 { respond(stage) }
    }

    private func check(_ head: WireHead) throws {
        guard head["host"] == "origin.example", head["x-hop"] == nil,
            head["x-pad"]?.utf8.count ?? 0 == plan.padding
        else { throw WireError("request \(id) has other fields: \(head)") }
        let options = head.list("connection")
        guard options == (plan.isUpgrade ? ["upgrade"] : []) else {
            throw WireError("request \(id) has the options \(options)")
        }
        guard !book.isHooked else { return }
        let isSame =
            switch plan.up {
            case .none, .untilEnd: head["content-length"] == nil && head["transfer-encoding"] == nil
            case .length(let count): head["content-length"] == "\(count)"
            case .chunked: head["transfer-encoding"] == "chunked"
            }
        guard isSame else { throw WireError("request \(id) is framed in another way: \(head)") }
    }

    /// The exchange is known.
    private func begin() throws {
        try book.arrived(id)
        if served > 0 { book.hit(.httpReused) }
        served += 1
        if isClosing || strayAt != 0 && habits.lateBytes > 0 { book.progress[id].isSpoilt = true }
        if plan.failure != .none { book.progress[id].isSpoilt = true }
        isAnswered = false
        isHinted = false
    }

    private func dataCame(_ part: ArraySlice<UInt8>, _ stage: StreamStage) throws {
        if book.isBridge {
            collected += part
            return
        }
        try book.check(part, id, isUp: true, at: body)
        body += part.count
        guard body <= plan.up.count else { throw WireError("request \(id) has a longer body") }
        if let early = plan.early, body >= early { respond(stage) }
    }

    private func completed(_ stage: StreamStage) throws {
        isMidRequest = false
        if book.isBridge {
            id = try book.exchange(of: collected, isUp: true)
            try book.check(collected[...], id, isUp: true, at: 0)
            body = collected.count
            try begin()
        }
        guard body == plan.up.count else {
            throw WireError("request \(id) looks whole with \(body) bytes")
        }
        if case .chunked = plan.up, !book.isBridge, !reader.trailers.isEmpty,
            reader.trailers.contains(where: { $0.name != "x-sum" || $0.value != "\(id)" })
        {
            throw WireError("request \(id) has the trailers \(reader.trailers)")
        }
        respond(stage)
    }

    // MARK: Responses

    private func respond(_ stage: StreamStage) {
        guard answersAt == 0, !isAnswered else { return }
        if plan.early != nil, isMidRequest { book.hit(.httpEarly) }
        answersAt = stage.now + 1 + plan.delay
    }

    private func answer(_ stage: inout StreamStage) {
        if isHinted {
            isHinted = false
            book.progress[id].isBegun = true
            stage.output += Array("HTTP/1.1 100 Continue\r\nX-Id: \(id)\r\n\r\n".utf8)
        }
        guard answersAt != 0, !isAnswered, !isClosing else { return }
        guard stage.now >= answersAt else {
            stage.wakesAt = answersAt
            return
        }
        if plan.failure == .silent { return }
        isAnswered = true
        for _ in 0..<plan.hints { stage.output += plan.hint() }
        let response = plan.response(book)
        switch plan.failure {
        case .invalid:
            book.progress[id].isBegun = true
            stage.output = Array("HTTP/1.1 nothing\r\n\r\n".utf8)
            isClosing = true
        case .dies(let after, let byReset):
            book.progress[id].isBegun = after > 0 || plan.hints > 0
            // A whole response would leave a connection that looks kept.
            stage.output += response.prefix(min(after, response.count - 1))
            isClosing = true
            if byReset { stage.resets = true } else { stage.ends = true }
        case .none, .silent:
            book.progress[id].isBegun = true
            book.progress[id].isAnswered = true
            stage.output += response
            behind(&stage)
        }
    }

    /// The response is out.
    private func behind(_ stage: inout StreamStage) {
        if case .upgrade(let up, let down) = plan.kind, plan.status == 101 {
            tunnel = TunnelEnd(id: id, isClient: false, sends: down, takes: up)
            tunnel?.produce(&stage, book)
            stage.ends = true
            return
        }
        answersAt = 0
        if case .untilEnd = plan.down, plan.hasBody {
            isClosing = true
        } else if plan.originCloses {
            isClosing = true
            saysClose = true
        }
        if isClosing { stage.ends = true }
        if habits.idle > 0 { strayAt = stage.now + habits.idle }
        if habits.lateBytes > 0 { strayAt = stage.now + habits.lateBytes }
    }

    /// A kept connection ends, or brings what nobody asked for.
    private func stray(_ stage: inout StreamStage) {
        guard strayAt != 0, !isClosing else { return }
        guard stage.now >= strayAt else {
            if stage.wakesAt == 0 || stage.wakesAt > strayAt { stage.wakesAt = strayAt }
            return
        }
        strayAt = 0
        // A reset destroys what is on its way of the response before.
        if !isIdle || habits.endsByReset { book.progress[id].isSpoilt = true }
        guard habits.lateBytes == 0 else {
            book.hit(.httpLateBytes)
            stage.output += Array("late\r\n\r\n".utf8)
            isClosing = true
            return
        }
        isClosing = true
        if habits.endsByReset { stage.resets = true } else { stage.ends = true }
    }

    private func ended(_ stage: StreamStage) throws {
        guard !hasEnded else { return }
        hasEnded = true
        guard stage.end == .clean, !isClosing, tunnel == nil else { return }
        guard !isMidRequest, reader.isBetween else {
            throw WireError("an end in order inside a request, \(id)")
        }
    }
}
