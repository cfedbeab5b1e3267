import PelmeniTesting

/// An upstream's connection without HTTP: a whole stream, or frames of four bytes of length each,
/// with the bodies of exchanges.
final class ChaosStreamUpstream: StreamProgram {
    let book: HTTPBook
    let habits: OriginHabits
    /// Messages are framed; otherwise the stream is one.
    let isFramed: Bool
    private var bytes: [UInt8] = []
    private var id = -1
    private var checked = 0
    private var answersAt: UInt64 = 0
    private var strayAt: UInt64 = 0
    private var isClosing = false
    private var served = 0

    init(_ book: HTTPBook, _ habits: OriginHabits, isFramed: Bool) {
        self.book = book
        self.habits = habits
        self.isFramed = isFramed
    }

    func act(_ stage: inout StreamStage) {
        do {
            bytes += stage.came
            if isFramed { try takeFrames(stage) } else { try takeStream(stage) }
        } catch let error as WireError {
            stage.fault = error.text
        } catch {
            stage.fault = "\(error)"
        }
        guard stage.fault == nil, stage.end == .none || stage.end == .clean else { return }
        answer(&stage)
        if stage.end == .clean, isFramed || isClosing || answersAt == 0 { stage.ends = true }
    }

    private func takeStream(_ stage: StreamStage) throws {
        if id < 0, bytes.count >= FlowContent.headerBytes {
            id = try book.exchange(of: bytes, isUp: true)
            try arrived()
        }
        guard id >= 0 else { return }
        if checked < bytes.count {
            try book.check(bytes[checked...], id, isUp: true, at: checked)
            checked = bytes.count
        }
        guard checked <= book.plans[id].up.count else {
            throw WireError("the stream of \(id) is longer than its body")
        }
        // An end in order says that the body is whole.
        guard stage.end == .clean, answersAt == 0, !isClosing else { return }
        guard checked == book.plans[id].up.count else {
            throw WireError("an end in order behind \(checked) bytes of \(id)")
        }
        answersAt = stage.now + 1 + book.plans[id].delay
    }

    private func takeFrames(_ stage: StreamStage) throws {
        while bytes.count >= 4 {
            let length = bytes[..<4].reduce(0) { $0 << 8 | Int($1) }
            guard bytes.count >= 4 + length else { break }
            guard answersAt == 0 else { throw WireError("a message before the answer to \(id)") }
            id = try book.exchange(of: bytes[4..<4 + length], isUp: true)
            guard length == book.plans[id].up.count else {
                throw WireError("message \(id) has \(length) bytes")
            }
            try book.check(bytes[4..<4 + length], id, isUp: true, at: 0)
            bytes.removeFirst(4 + length)
            try arrived()
            if !isClosing { answersAt = stage.now + 1 + book.plans[id].delay }
        }
        guard stage.end == .clean, !isClosing, !bytes.isEmpty else { return }
        throw WireError("an end in order inside a message")
    }

    private func arrived() throws {
        try book.arrived(id)
        if served > 0 { book.hit(.bridgeReused) }
        served += 1
        let isSpoilt = isClosing || strayAt != 0 || book.plans[id].failure != .none
        if isSpoilt { book.progress[id].isSpoilt = true }
    }

    private func answer(_ stage: inout StreamStage) {
        stray(&stage)
        guard answersAt != 0, !isClosing else { return }
        guard stage.now >= answersAt else {
            stage.wakesAt = answersAt
            return
        }
        let plan = book.plans[id]
        guard plan.failure != .silent else { return }
        answersAt = 0
        let body = BodyPlan.bytes(book.identity(id, isUp: false), plan.down.count)
        var response = body
        if isFramed {
            let count = body.count
            response = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) } + body
        }
        if case .dies(let after, let byReset) = plan.failure {
            isClosing = true
            // A whole answer would leave a connection that looks kept.
            stage.output += response.prefix(min(after, response.count - 1))
            // The end of a stream would be the end of the body.
            if byReset || !isFramed { stage.resets = true } else { stage.ends = true }
            return
        }
        book.progress[id].isAnswered = true
        stage.output += response
        guard isFramed else {
            isClosing = true
            stage.ends = true
            return
        }
        if habits.idle > 0 { strayAt = stage.now + habits.idle }
        if habits.lateBytes > 0 { strayAt = stage.now + habits.lateBytes }
    }

    /// A kept connection ends, or brings what no frame is.
    private func stray(_ stage: inout StreamStage) {
        guard strayAt != 0, !isClosing else { return }
        guard stage.now >= strayAt else {
            stage.wakesAt = strayAt
            return
        }
        strayAt = 0
        isClosing = true
        // A reset destroys what is on its way of the answer before.
        if answersAt != 0 || habits.endsByReset { book.progress[id].isSpoilt = true }
        if habits.lateBytes > 0 {
            stage.output += [0xff, 0xff, 0xff, 0xff]
        } else if habits.endsByReset {
            stage.resets = true
        } else {
            stage.ends = true
        }
    }
}

/// An upstream's socket of datagrams: answers late, twice, or not at all.
final class ChaosDatagramUpstream: MessageProgram {
    let book: HTTPBook
    private var random: SeededRandom
    /// Answers to send, and when.
    private var answers: [(at: UInt64, id: Int)] = []

    init(_ book: HTTPBook, seed: UInt64) {
        self.book = book
        random = SeededRandom(seed: seed)
    }

    func act(_ stage: inout MessageStage) {
        do {
            for message in stage.came { try take(message, stage.now) }
        } catch let error as WireError {
            stage.fault = error.text
        } catch {
            stage.fault = "\(error)"
        }
        for answer in answers where answer.at <= stage.now {
            stage.output.append(
                BodyPlan.bytes(
                    book.identity(answer.id, isUp: false), book.plans[answer.id].down.count))
        }
        answers.removeAll { $0.at <= stage.now }
        stage.wakesAt = answers.map(\.at).min() ?? 0
    }

    private func take(_ message: [UInt8], _ now: UInt64) throws {
        let id = try book.exchange(of: message, isUp: true)
        let plan = book.plans[id]
        guard message.count == plan.up.count else {
            throw WireError("datagram \(id) has \(message.count) bytes")
        }
        try book.check(message[...], id, isUp: true, at: 0)
        try book.arrived(id)
        guard plan.failure == .none else {
            book.progress[id].isSpoilt = true
            return
        }
        book.progress[id].isAnswered = true
        answers.append((now + 1 + plan.delay, id))
        // The engine may hear the same once more.
        if random.chance(0x6000) {
            book.hit(.bridgeTwice)
            answers.append((now + 1 + plan.delay + UInt64(random.below(3_000_000)), id))
        }
    }
}
