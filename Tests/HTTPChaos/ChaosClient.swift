import PelmeniTesting

/// How a client behaves beside its requests.
struct ClientHabits {
    /// Requests that are out at once.
    var depth = 1
    /// Leaves behind so many bytes that it sent, or that it got.
    var leavesAtSent = Int.max
    var leavesAtReceived = Int.max
    var leavesByReset = true
    /// Reads nothing for a while behind so many bytes.
    var pausesAt = Int.max
    var pause: UInt64 = 0
    /// Sends nothing for longer than the proxy waits, behind so many bytes.
    var stallsAt = Int.max
    /// Ends its stream behind its last request, rather than behind the last response.
    var endsEarly = false

    var leaves: Bool { leavesAtSent != .max || leavesAtReceived != .max }
}

/// A client of HTTP: sends its requests, and knows what it has to get.
final class ChaosClient: StreamProgram {
    /// A client stops waiting for 100 Continue.
    private static let patience: UInt64 = 5_000_000_000
    /// Longer than the proxy waits for a head or a body.
    private static let stall: UInt64 = 300_000_000_000

    let book: HTTPBook
    let exchanges: [Int]
    let habits: ClientHabits
    private var reader = WireReader()
    /// The response that comes.
    private var answer = AnswerReader()
    /// Requests whose heads are written; the present exchange.
    private var begun = 0
    private(set) var current = 0
    private var produced = 0
    private var received = 0
    /// The body that waits for 100 Continue, and until when.
    private var withheld: [UInt8] = []
    private var goesOnAt: UInt64 = 0
    /// Nothing more is sent.
    private var isDone = false
    /// Behind this response the connection ends.
    private var isLast = false
    private var hasLeft = false
    private var stalledUntil: UInt64 = 0
    private var tunnel: TunnelEnd?
    private var hasEnded = false
    private var isOver = false

    init(_ book: HTTPBook, _ exchanges: [Int], _ habits: ClientHabits) {
        self.book = book
        self.exchanges = exchanges
        self.habits = habits
    }

    private var plan: ExchangePlan? {
        current < exchanges.count ? book.plans[exchanges[current]] : nil
    }

    func act(_ stage: inout StreamStage) {
        guard !isOver else { return }
        do {
            received += stage.came.count
            let before = received - stage.came.count
            if habits.pause > 0, before < habits.pausesAt, received >= habits.pausesAt {
                stage.readsFrom = stage.now + habits.pause
            }
            if !stage.came.isEmpty, !hasLeft { try take(stage.came) }
            if stage.end != .none { try ended(stage) }
        } catch let error as WireError {
            stage.fault = error.text
        } catch {
            stage.fault = "\(error)"
        }
        guard stage.fault == nil, stage.end != .reset, stage.end != .refused else { return }
        produce(&stage)
        finish(&stage)
    }

    // MARK: What it gets

    private func take(_ bytes: [UInt8]) throws {
        guard tunnel == nil else {
            try tunnel?.take(bytes[...], book)
            return
        }
        reader.feed(bytes)
        while tunnel == nil, let event = try reader.next() {
            switch event {
            case .head(let head): try headCame(head)
            case .data(let part): try answer.take(part, book)
            case .complete: if !answer.isInterim { try completed() }
            }
        }
        if tunnel != nil { try tunnel?.take(reader.takeRest(), book) }
    }

    private func headCame(_ head: WireHead) throws {
        guard current < begun, let plan else {
            throw WireError("a response without a request: \(head.first)")
        }
        guard !isLast else { throw WireError("a response behind the last one: \(head.first)") }
        let framing = try answer.begin(head, plan, book)
        reader.begin(framing)
        if answer.isInterim, answer.status == 100 { goesOnAt = 0 }
        if answer.status == 101 {
            guard case .upgrade(let up, let down) = plan.kind else {
                throw WireError("an upgrade that was not asked for")
            }
            book.hit(.httpUpgraded)
            tunnel = TunnelEnd(id: plan.id, isClient: true, sends: up, takes: down)
        }
        // Nothing is read behind a response that closes.
        if !answer.isInterim, answer.closes { isDone = true }
    }

    private func completed() throws {
        try answer.check(book)
        if withheld.isEmpty == false {
            // The request is answered without its body: no other one can follow.
            withheld = []
            isDone = true
        }
        current += 1
        if answer.closes {
            isDone = true
            isLast = true
        }
    }

    private func ended(_ stage: StreamStage) throws {
        isOver = stage.end != .clean || hasEnded
        guard !hasEnded else { return }
        hasEnded = true
        if stage.end == .clean, !hasLeft {
            if tunnel == nil {
                if reader.isUntilEnd {
                    reader.endBody()
                    try completed()
                }
                guard reader.isBetween else {
                    throw WireError("an end in order inside a response")
                }
            } else if tunnel?.isWhole == false, !book.isRough {
                throw WireError("an end in order inside a tunnel")
            }
        }
        try judge(stage)
    }

    /// What a client is owed whose world has no fault of its own.
    private func judge(_ stage: StreamStage) throws {
        guard !book.isRough, !hasLeft, habits.stallsAt == .max else { return }
        if let tunnel {
            guard tunnel.isWhole || book.progress[tunnel.id].isSpoilt else {
                throw WireError("the tunnel of \(tunnel.id) ends as \(stage.end)")
            }
            return
        }
        guard stage.end != .refused else { throw WireError("a refused connection") }
        guard current < exchanges.count, !isDone || !reader.isBetween else { return }
        let id = exchanges[current]
        let name = "request \(id) of \(exchanges.count) with \(stage.sent) bytes sent"
        guard reader.isBetween else {
            // The reset of a later response destroys what is on its way of this one.
            guard exchanges[current..<begun].contains(where: book.mayFail) else {
                throw WireError("\(name) has half of a response")
            }
            return book.hit(.httpCut)
        }
        throw WireError("\(name) has no response, and sees \(stage.end)")
    }

    // MARK: What it sends

    private func produce(_ stage: inout StreamStage) {
        if var end = tunnel {
            if !hasLeft { end.produce(&stage, book) }
            tunnel = end
            return
        }
        guard !hasLeft, !isDone else { return }
        if stalledUntil > stage.now {
            stage.wakesAt = stalledUntil
            return
        }
        if !withheld.isEmpty {
            guard goesOnAt == 0 || stage.now >= goesOnAt else {
                stage.wakesAt = goesOnAt
                return
            }
            emit(withheld, &stage)
            withheld = []
        }
        while begun < exchanges.count, begun < current + habits.depth, withheld.isEmpty,
            !hasLeft, stalledUntil <= stage.now
        {
            begin(book.plans[exchanges[begun]], &stage)
        }
    }

    private func begin(_ plan: ExchangePlan, _ stage: inout StreamStage) {
        if begun > current { book.hit(.httpPipelined) }
        begun += 1
        emit(plan.requestHead(), &stage)
        guard plan.up != .none else { return }
        let body = plan.up.wire(book.identity(plan.id, isUp: true), trailer: plan.trailer)
        guard plan.awaits100, begun - 1 == current, !hasLeft else { return emit(body, &stage) }
        withheld = body
        goesOnAt = stage.now + Self.patience
        stage.wakesAt = goesOnAt
    }

    /// Sends bytes, up to the place where the client leaves, or waits for long.
    private func emit(_ bytes: [UInt8], _ stage: inout StreamStage) {
        // What is behind the place where it stalls is never sent.
        guard stalledUntil == 0 else { return }
        var part = bytes[...]
        if produced + part.count > habits.leavesAtSent {
            part = part.prefix(max(0, habits.leavesAtSent - produced))
            hasLeft = true
        }
        if produced < habits.stallsAt, produced + part.count > habits.stallsAt {
            stalledUntil = stage.now + Self.stall
            for id in exchanges[current...] { book.progress[id].isGivenUp = true }
            part = part.prefix(habits.stallsAt - produced)
            stage.wakesAt = stalledUntil
            begun = min(begun, exchanges.count)
            withheld = []
            isDone = true
        }
        produced += part.count
        stage.output += part
    }

    private func finish(_ stage: inout StreamStage) {
        if received >= habits.leavesAtReceived, !hasLeft, stage.end == .none { hasLeft = true }
        if hasLeft {
            book.hit(.httpLeft)
            for id in exchanges { book.progress[id].isGivenUp = true }
            stage.resets = habits.leavesByReset && stage.end == .none
            stage.ends = !stage.resets
            return
        }
        let isAnswered = current >= exchanges.count || (isDone && reader.isBetween)
        if tunnel?.hasSent == true || (tunnel == nil && isAnswered && stalledUntil <= stage.now) {
            stage.ends = true
        }
        if habits.endsEarly, tunnel == nil, plan?.isUpgrade != true, begun == exchanges.count,
            withheld.isEmpty
        {
            stage.ends = true
        }
        if stage.end == .clean { stage.ends = true }
    }
}
