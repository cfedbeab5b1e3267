import PelmeniTesting

/// A client of frames whose upstream is HTTP: each message has its answer, in order.
final class ChaosFrameClient: StreamProgram {
    let book: HTTPBook
    let exchanges: [Int]
    let habits: ClientHabits
    private var bytes: [UInt8] = []
    private var current = 0
    private var begun = 0
    private var hasLeft = false
    private var hasEnded = false
    private var produced = 0
    private var received = 0

    init(_ book: HTTPBook, _ exchanges: [Int], _ habits: ClientHabits) {
        self.book = book
        self.exchanges = exchanges
        self.habits = habits
    }

    func act(_ stage: inout StreamStage) {
        do {
            bytes += stage.came
            received += stage.came.count
            if !hasLeft { try take() }
            if stage.end != .none { try ended(stage) }
        } catch let error as WireError {
            stage.fault = error.text
        } catch {
            stage.fault = "\(error)"
        }
        guard stage.fault == nil, stage.end == .none || stage.end == .clean else { return }
        if stage.end == .none, received >= habits.leavesAtReceived { hasLeft = true }
        while !hasLeft, begun < exchanges.count, begun < current + habits.depth, !hasEnded {
            send(&stage)
        }
        if hasLeft {
            book.hit(.httpLeft)
            if habits.leavesByReset { stage.resets = true } else { stage.ends = true }
        } else if current == exchanges.count || stage.end == .clean
            || (habits.endsEarly && begun == exchanges.count)
        {
            stage.ends = true
        }
    }

    private func send(_ stage: inout StreamStage) {
        let plan = book.plans[exchanges[begun]]
        begun += 1
        let body = BodyPlan.bytes(book.identity(plan.id, isUp: true), plan.up.count)
        let head = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: body.count >> $0) }
        var part = (head + body)[...]
        if produced + part.count > habits.leavesAtSent {
            part = part.prefix(max(0, habits.leavesAtSent - produced))
            hasLeft = true
        }
        produced += part.count
        stage.output += part
    }

    private func take() throws {
        while bytes.count >= 4 {
            let length = bytes[..<4].reduce(0) { $0 << 8 | Int($1) }
            guard bytes.count >= 4 + length else { return }
            guard current < begun else { throw WireError("an answer to no message") }
            let id = exchanges[current]
            guard length == book.plans[id].down.count, book.progress[id].isAnswered else {
                throw WireError("message \(id) has an answer of \(length) bytes")
            }
            try book.check(bytes[4..<4 + length], id, isUp: false, at: 0)
            // The first bytes name the exchange.
            bytes.removeFirst(4 + length)
            current += 1
            book.hit(.bridgeAnswered)
        }
    }

    private func ended(_ stage: StreamStage) throws {
        guard !hasEnded else { return }
        hasEnded = true
        guard !hasLeft else { return }
        if stage.end == .clean {
            guard bytes.isEmpty else { throw WireError("an end in order inside an answer") }
        }
        guard !book.isRough, current < exchanges.count else { return }
        guard stage.end == .reset, book.mayFail(exchanges[current]) else {
            throw WireError("message \(exchanges[current]) has no answer, and \(stage.end)")
        }
        book.hit(.bridgeCut)
    }
}

/// A client of datagrams whose upstream is HTTP.
final class ChaosDatagramClient: MessageProgram {
    /// Silence behind which nothing more comes.
    private static let patience: UInt64 = 200_000_000_000

    let book: HTTPBook
    let exchanges: [Int]
    private var sent = 0
    private var answered: Set<Int> = []
    private var overAt: UInt64 = 0

    init(_ book: HTTPBook, _ exchanges: [Int]) {
        self.book = book
        self.exchanges = exchanges
    }

    func act(_ stage: inout MessageStage) {
        do {
            for message in stage.came { try take(message) }
            if overAt != 0, stage.now >= overAt { try finish(&stage) }
        } catch let error as WireError {
            stage.fault = error.text
        } catch {
            stage.fault = "\(error)"
        }
        guard stage.fault == nil, !stage.isOver else { return }
        // Two are out at once; a lost one is not waited for.
        while sent < exchanges.count, sent < answered.count + 2 || stage.now >= overAt {
            let plan = book.plans[exchanges[sent]]
            sent += 1
            stage.note = "sends \(plan.id)"
            stage.output.append(BodyPlan.bytes(book.identity(plan.id, isUp: true), plan.up.count))
            overAt = stage.now + Self.patience
        }
        overAt = max(overAt, stage.now + (stage.came.isEmpty ? 0 : Self.patience))
        stage.wakesAt = overAt
        if answered.count == exchanges.count { stage.isOver = true }
    }

    private func take(_ message: [UInt8]) throws {
        let id = try book.exchange(of: message, isUp: false)
        guard exchanges.contains(id) else { throw WireError("\(id) is another client's answer") }
        guard message.count == book.plans[id].down.count, book.progress[id].isAnswered else {
            throw WireError("datagram \(id) has an answer of \(message.count) bytes")
        }
        try book.check(message[...], id, isUp: false, at: 0)
        guard answered.insert(id).inserted else { throw WireError("\(id) is answered twice") }
        book.hit(.bridgeAnswered)
    }

    private func finish(_ stage: inout MessageStage) throws {
        guard sent == exchanges.count else { return }
        stage.isOver = true
        guard !book.isRough else { return }
        for id in exchanges where !answered.contains(id) && !book.mayFail(id) {
            throw WireError("datagram \(id) has no answer")
        }
    }
}
