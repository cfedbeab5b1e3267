internal import PelmeniCore

/// A session of a chaos driver: what it keeps, and what it has seen.
final class ChaosSession {
    private let settings: ChaosDriverSettings
    var random: SeededRandom
    /// Bytes of the own stream, and of the other side, that are kept for a while.
    private var kept: [UInt8] = []
    private var keptForOwn: [UInt8] = []
    private var isOpen = false
    private var hasEnded = false
    private var hasOtherEnded = false
    private var isClosed = false

    init(_ settings: ChaosDriverSettings) throws {
        self.settings = settings
        let made = settings.points.books.pointee.made
        random = SeededRandom(seed: settings.seed &+ UInt64(made))
        if settings.plan.isViolent, random.chance(0x200) { throw ChaosError() }
        settings.points.books.pointee.made += 1
    }

    deinit { if isClosed { settings.points.books.pointee.destroyed += 1 } }

    // MARK: What is always so

    func open() {
        precondition(!isOpen, "a driver is opened once")
        isOpen = true
    }

    func sees(own: Bool) {
        precondition(isOpen && !isClosed, "an open driver is called")
        precondition(own ? !hasEnded : !hasOtherEnded, "a driver gets bytes behind their end")
    }

    func end(own: Bool) {
        sees(own: own)
        if own { hasEnded = true } else { hasOtherEnded = true }
    }

    func close(_ context: borrowing Context) {
        precondition(!isClosed, "a driver is closed once")
        isClosed = true
        settings.points.books.pointee.closed += 1
        // The engine carries nothing of this out, and nothing leaks.
        if let late = try? Buffer("too late") { context.send(late) }
        context.end()
    }

    /// Does what no driver should. True when it has.
    func misbehaves(_ data: inout Buffer, own: Bool, _ context: borrowing Context) throws -> Bool {
        guard settings.plan.isViolent, random.chance(0x180) else { return false }
        settings.points.lose(isAnswer: own != settings.isOfClient)
        switch random.below(3) {
        case 0:
            settings.points.hit(.driverThrew)
            settings.points.books.pointee.extra += 1
            // Its block comes back with the throw.
            context.deliver(data.take())
            context.send(try Buffer("this, too"))
            throw ChaosError()
        case 1:
            settings.points.hit(.driverOverfull)
            for _ in 0..<random.between(257, 2000) { context.send(try Buffer("x")) }
        default:
            settings.points.hit(.driverReset)
            context.end(.protocolError, reset: true)
            context.deliverEnd()
        }
        return true
    }

    // MARK: Bytes

    func received(_ data: inout Buffer, _ context: borrowing Context) throws {
        sees(own: true)
        guard try !misbehaves(&data, own: true, context) else { return }
        try deliverKept(context)
        guard settings.plan.holds else { return try deliverAll(&data, context) }
        switch random.below(6) {
        case 0:
            // A part is left untaken, until the timer asks for it.
            settings.points.hit(.driverLeft)
            let part = random.below(data.count)
            try deliverPieces(Array(data.array.prefix(part)), context)
            // A full buffer comes again by itself.
            let isFull = part > 0 && data.count - part >= ChaosStream.restMax
            data.removeFirst(part)
            if !isFull { context.timer(after: .microseconds(random.between(1, 5000))) }
        case 1:
            settings.points.hit(.driverHeld)
            let bytes = data.array
            let rest = min(9, bytes.count)
            try deliverPieces(Array(bytes.dropLast(rest)), context)
            kept = Array(bytes.suffix(rest))
            data.removeAll()
            context.timer(after: .microseconds(random.between(1, 5000)))
        case 2:
            settings.points.hit(.driverPaused)
            context.pause()
            try deliverAll(&data, context)
            context.timer(after: .microseconds(random.between(1, 5000)))
        default: try deliverAll(&data, context)
        }
    }

    private func deliverAll(_ data: inout Buffer, _ context: borrowing Context) throws {
        guard random.chance(0x8000), context.room > 10 else { return context.deliver(data.take()) }
        try deliverPieces(data.array, context)
        data.removeAll()
    }

    private func deliverPieces(_ bytes: [UInt8], _ context: borrowing Context) throws {
        var left = bytes[...]
        while !left.isEmpty {
            let count = context.room > 10 ? random.between(1, left.count) : left.count
            context.deliver(try Buffer(left.prefix(count)))
            left = left.dropFirst(count)
        }
    }

    private func deliverKept(_ context: borrowing Context) throws {
        guard !kept.isEmpty else { return }
        context.deliver(try Buffer(kept))
        kept = []
    }

    func arrived(_ data: consuming Buffer, _ context: borrowing Context) throws {
        sees(own: false)
        var data = data
        guard try !misbehaves(&data, own: false, context) else { return }
        try sendKept(context)
        if settings.plan.holds, random.chance(0x2000) {
            keptForOwn = data.array
            return context.timer(after: .microseconds(random.between(1, 5000)))
        }
        guard random.chance(0x4000) else { return context.send(data) }
        let bytes = data.array
        let part = random.below(bytes.count + 1)
        context.send(try Buffer(bytes.prefix(part)))
        context.send(try Buffer(bytes.dropFirst(part)))
        if random.chance(0x2000) { context.awaitDrained() }
    }

    private func sendKept(_ context: borrowing Context) throws {
        guard !keptForOwn.isEmpty else { return }
        context.send(try Buffer(keptForOwn))
        keptForOwn = []
    }

    func ended(_ rest: consuming Buffer, _ context: borrowing Context) throws {
        end(own: true)
        try deliverKept(context)
        context.deliver(rest)
        context.deliverEnd()
        if random.chance(0x4000) { try endInOrder(context) }
    }

    func otherEnded(_ context: borrowing Context) throws {
        end(own: false)
        try sendKept(context)
        context.shutdown()
        // Twice is once.
        if random.chance(0x8000) { context.shutdown() }
        if random.chance(0x4000) { try endInOrder(context) }
    }

    /// Ends the session with all that it has to send, once both sides have ended.
    private func endInOrder(_ context: borrowing Context) throws {
        guard hasEnded, hasOtherEnded else { return }
        settings.points.hit(.driverEnded)
        context.end()
        context.send(try Buffer("behind the end"))
    }

    func timer(_ context: borrowing Context) throws {
        precondition(isOpen && !isClosed, "an open driver is called")
        settings.points.hit(.driverTimer)
        if !hasEnded { try deliverKept(context) }
        if !hasOtherEnded { try sendKept(context) }
        context.resume()
    }

    func drained() { settings.points.hit(.driverDrained) }
}

/// Passes a stream on.
struct ChaosStream: ProtocolDriver {
    static var carries: Cargo { .stream }
    var settings: ChaosDriverSettings

    func makeState() throws -> ChaosSession { try ChaosSession(settings) }

    func opened(_ state: inout ChaosSession, _ context: borrowing Context) throws { state.open() }

    func received(
        _ data: inout Buffer, _ state: inout ChaosSession, _ context: borrowing Context
    ) throws {
        try state.received(&data, context)
    }

    func ended(
        _ rest: consuming Buffer, _ state: inout ChaosSession, _ context: borrowing Context
    ) throws {
        try state.ended(rest, context)
    }

    func arrived(
        _ data: consuming Buffer, _ state: inout ChaosSession, _ context: borrowing Context
    ) throws {
        try state.arrived(data, context)
    }

    func otherEnded(_ state: inout ChaosSession, _ context: borrowing Context) throws {
        try state.otherEnded(context)
    }

    func drained(_ state: inout ChaosSession, _ context: borrowing Context) throws {
        state.drained()
    }

    func timer(_ state: inout ChaosSession, _ context: borrowing Context) throws {
        try state.timer(context)
    }

    func closing(_ cause: EndCause, _ state: inout ChaosSession, _ context: borrowing Context) {
        state.close(context)
    }
}

/// Cuts messages from its own stream, or passes datagrams on.
struct ChaosMessages: ProtocolDriver {
    static var restMax: Int { 128 << 10 }
    var settings: ChaosDriverSettings

    func tag(of datagram: borrowing Buffer) -> UInt64? {
        guard let plan = settings.tagged else { return 0 }
        return datagram.withUnsafeBytes { MessageContent.tag($0, plan) }
    }

    func makeState() throws -> ChaosSession { try ChaosSession(settings) }

    func opened(_ state: inout ChaosSession, _ context: borrowing Context) throws { state.open() }

    func received(
        _ data: inout Buffer, _ state: inout ChaosSession, _ context: borrowing Context
    ) throws {
        state.sees(own: true)
        guard try !state.misbehaves(&data, own: true, context) else { return }
        guard let framing = settings.framing else {
            settings.points.note(data)
            return context.deliver(data.take())
        }
        while context.room > 1 {
            switch ChaosFrames.next(data.array, framing, maxFrame: settings.maxFrame) {
            case .none: return
            case .bad: return context.end(.badFrame, reset: true)
            case .message(let range, let end):
                settings.points.books.pointee.cut += 1
                context.deliver(try Buffer(data.array[range]))
                data.removeFirst(end)
            }
        }
    }

    func ended(
        _ rest: consuming Buffer, _ state: inout ChaosSession, _ context: borrowing Context
    ) throws {
        state.end(own: true)
        switch settings.framing {
        case _ where rest.isEmpty: break
        case .line, .delimiter:
            // The stream's end ends the message.
            context.deliver(rest)
        default: return context.end(.badFrame, reset: true)
        }
        context.deliverEnd()
    }

    func arrived(
        _ data: consuming Buffer, _ state: inout ChaosSession, _ context: borrowing Context
    ) throws {
        state.sees(own: false)
        var data = data
        guard try !state.misbehaves(&data, own: false, context) else { return }
        if let framing = settings.framing { try ChaosFrames.wrap(&data, framing) }
        settings.points.note(data)
        context.send(data)
    }

    func otherEnded(_ state: inout ChaosSession, _ context: borrowing Context) throws {
        try state.otherEnded(context)
    }

    func closing(_ cause: EndCause, _ state: inout ChaosSession, _ context: borrowing Context) {
        state.close(context)
    }
}
