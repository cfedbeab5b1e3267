import PelmeniCore

/// What a chaos hook throws.
struct ChaosError: Error {}

/// The state of a chaos hook: changes units in each way that the API has.
///
/// A stream becomes groups of five bytes, reversed, with a sixth that says what they are. The rest
/// of a chunk is held back; the stream's end brings it, and a byte with its length.
final class ChaosHook {
    private let settings: ChaosSettings
    private var random: SeededRandom
    private var isReleased = [false, false]
    private var hasEnded = [false, false]
    private var wasClosed = false
    private var isMade = false

    init(_ settings: ChaosSettings) throws {
        self.settings = settings
        let made = settings.points.books.pointee.made
        random = SeededRandom(seed: settings.seed &+ UInt64(made))
        if settings.plan.isViolent, random.chance(0x200) {
            settings.points.hit(.hookThrew)
            throw ChaosError()
        }
        settings.points.books.pointee.made += 1
        isMade = true
    }

    deinit { if isMade { settings.points.books.pointee.destroyed += 1 } }

    func opened() throws -> OpenVerdict {
        guard settings.plan.isViolent else { return .forward }
        if random.chance(0x200) { throw ChaosError() }
        return random.chance(0x200) ? .close("chaos does not open") : .forward
    }

    func closed() {
        precondition(!wasClosed, "a hook is told its end once")
        wasClosed = true
        settings.points.books.pointee.closed += 1
    }

    func see(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        let side = session.isToClient ? 1 : 0
        precondition(!wasClosed, "a closed hook is called")
        precondition(!isReleased[side], "a released hook is called")
        precondition(!hasEnded[side], "a hook is called behind the end")
        precondition(session.isMessage == settings.isMessage, "a unit of the wrong kind")
        if session.isEnd { hasEnded[side] = true }
        if settings.plan.isViolent {
            if random.chance(0x60) {
                settings.points.hit(.hookThrew)
                if random.chance(0x8000) { try session.emit(Buffer("lost with the throw")) }
                throw ChaosError()
            }
            if random.chance(0x60) {
                settings.points.hit(.hookClosed)
                return .close("chaos")
            }
        }
        return settings.isMessage
            ? try message(&data, session, side) : try chunk(&data, session, side)
    }

    // MARK: Chunks

    private func chunk(
        _ data: inout Buffer, _ session: borrowing Session, _ side: Int
    ) throws -> Verdict {
        let bytes = data.array
        let rest = bytes.count % ChaosGroups.size
        var output = ChaosGroups.encoded(bytes.prefix(bytes.count - rest))
        if session.isEnd {
            if rest > 0 { settings.points.hit(.hookEndHeld) }
            output += ChaosGroups.flush(bytes.suffix(rest))
            return try put(output, [], &data, session)
        }
        if rest == 0, settings.plan.mayReply, !isReleased[1 - side],
            output.count < Buffer.emitMax - 100
        {
            if settings.plan.isViolent, random.chance(0x80) {
                settings.points.hit(.hookFinished)
                try session.emit(Buffer(output + ChaosGroups.control(.finish)))
                if hasEnded[1 - side] { return .finish() }
                return .finish(try Buffer(ChaosGroups.control(.finish)))
            }
            if !hasEnded[1 - side], random.chance(0x2000) {
                settings.points.hit(.hookReplied)
                if !output.isEmpty { try session.emit(Buffer(output)) }
                return .reply(try Buffer(ChaosGroups.control(.reply)))
            }
        }
        if rest == 0, random.chance(settings.plan.releases) {
            settings.points.hit(.hookReleased)
            isReleased[side] = true
            _ = try put(output + ChaosGroups.control(.release), [], &data, session, drops: false)
            return .release
        }
        return try put(output, Array(bytes.suffix(rest)), &data, session)
    }

    /// Brings output and held bytes into the buffer, in one of many ways.
    private func put(
        _ output: [UInt8], _ held: [UInt8], _ data: inout Buffer, _ session: borrowing Session,
        drops: Bool = true
    ) throws -> Verdict {
        var verdict = Verdict.forward
        switch random.below(4) {
        case 0:
            let before = data.withUnsafeBytes { $0.baseAddress }
            data.removeAll()
            try data.append(contentsOf: output)
            try data.append(contentsOf: held)
            let isMoved = data.withUnsafeBytes { $0.baseAddress } != before
            settings.points.hit(isMoved ? .hookGrewMoved : .hookGrewInPlace)
        case 1:
            data = try Buffer(output + held)
        case 2 where output.count <= Buffer.emitMax:
            var at = 0
            var left = Buffer.emitCountMax - 1
            while at < output.count {
                let part = left == 1 ? output.count : random.between(1, 20_000)
                let end = min(output.count, at + part)
                try session.emit(Buffer(output[at..<end]))
                at = end
                left -= 1
            }
            settings.points.hit(.hookEmitted)
            data = try Buffer(held)
            if drops, random.chance(0x8000) { verdict = .drop }
        default:
            // Into the place of the bytes before.
            try data.replaceSubrange(0..<data.count, with: output)
            try data.append(contentsOf: held)
        }
        if !held.isEmpty {
            settings.points.hit(.hookHeld)
            try data.hold(last: held.count)
        }
        return verdict
    }

    // MARK: Messages

    private func message(
        _ data: inout Buffer, _ session: borrowing Session, _ side: Int
    ) throws -> Verdict {
        if settings.plan.isViolent, settings.mayDrop, random.chance(0x80) {
            settings.points.hit(.hookFinished)
            return .finish()
        }
        if random.chance(settings.plan.releases) {
            isReleased[side] = true
            settings.points.hit(.hookReleased)
            return .release
        }
        switch random.below(6) {
        case 0:
            data = try Buffer(data.array)
        case 1:
            try data.prepend("head")
            data.removeFirst(4)
        case 2:
            try data.append("tail")
            data.removeLast(4)
        case 3 where settings.plan.stages(toClient: side == 1) == 1:
            settings.points.hit(.hookEmitted)
            settings.points.books.pointee.extra += 1
            settings.points.note(data)
            try session.emit(data.take())
            return .drop
        case 4 where settings.mayDrop && random.chance(0x2000):
            return .drop
        default: break
        }
        settings.points.note(data)
        return .forward
    }
}

struct ChaosOut: BeforeForward, BeforeSend, OnOpen, OnClose {
    private let chaos: ChaosHook
    init(_ settings: ChaosSettings) throws { chaos = try ChaosHook(settings) }

    func beforeForward(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        try chaos.see(&data, session)
    }
    func beforeSend(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        try chaos.see(&data, session)
    }
    func onOpen(_ session: borrowing Session) throws -> OpenVerdict { try chaos.opened() }
    func onClose(_ cause: EndCause, _ session: borrowing Session) { chaos.closed() }
}

struct ChaosBack: BeforeRespond, OnClose {
    private let chaos: ChaosHook
    init(_ settings: ChaosSettings) throws { chaos = try ChaosHook(settings) }

    func beforeRespond(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        try chaos.see(&data, session)
    }
    func onClose(_ cause: EndCause, _ session: borrowing Session) { chaos.closed() }
}

struct ChaosBoth: BeforeForward, BeforeSend, BeforeRespond, OnClose {
    private let chaos: ChaosHook
    init(_ settings: ChaosSettings) throws { chaos = try ChaosHook(settings) }

    func beforeForward(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        try chaos.see(&data, session)
    }
    func beforeSend(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        try chaos.see(&data, session)
    }
    func beforeRespond(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        try chaos.see(&data, session)
    }
    func onClose(_ cause: EndCause, _ session: borrowing Session) { chaos.closed() }
}
