internal import PelmeniCore

/// The driver of both sides of a simulated pair: it passes bytes and ends as a plain pair would, so
/// that the judge needs no other rules; but in pieces and late, by links and by itself, and now and
/// then not at all.
package struct ChaosPairPlan: Sendable {
    /// The driver throws, ends sessions, and gives more commands than it may.
    var isViolent = false
    /// The driver keeps bytes for a while, or leaves them untaken.
    var holds = false
    /// The upstream sends nothing before it has received a byte: until then its connection may be
    /// parked, and another one taken.
    var mayPark = false

    func driver(seed: UInt64, _ kernel: SimulatedKernel) -> PairDriverTable {
        PairDriverTable(
            ChaosPair(
                plan: self, seed: seed,
                points: ChaosPoints(base: kernel.points, books: kernel.chaos.books)))
    }
}

struct ChaosPair: PairDriver {
    let plan: ChaosPairPlan
    let seed: UInt64
    let points: ChaosPoints

    func makeState() throws -> ChaosPairSession { try ChaosPairSession(plan, seed, points) }

    func opened(
        _ side: PairSide, _ state: inout ChaosPairSession, _ context: borrowing PairContext
    ) throws {
        try state.opened(side, context)
    }

    func unreachable(
        _ cause: EndCause, _ state: inout ChaosPairSession, _ context: borrowing PairContext
    ) throws {
        points.hit(.pairUnreachable)
        precondition(!context.hasUpstream, "an upstream that is unreachable is there")
        context.end(cause, reset: true)
    }

    func received(
        _ data: inout Buffer, from side: PairSide, _ state: inout ChaosPairSession,
        _ context: borrowing PairContext
    ) throws {
        try state.received(&data, side, context)
    }

    func linked(
        from side: PairSide, _ state: inout ChaosPairSession, _ context: borrowing PairContext
    ) throws {
        state.linked(side)
    }

    func ended(
        _ rest: consuming Buffer, from side: PairSide, _ state: inout ChaosPairSession,
        _ context: borrowing PairContext
    ) throws {
        try state.ended(rest, side, context)
    }

    func broken(
        _ rest: consuming Buffer, _ state: inout ChaosPairSession, _ context: borrowing PairContext
    ) throws {
        points.hit(.pairBroken)
        precondition(!context.hasUpstream, "a broken upstream is there")
        context.send(rest, to: .client)
        context.end(.upstreamReset, reset: true)
    }

    func drained(
        _ side: PairSide, _ state: inout ChaosPairSession, _ context: borrowing PairContext
    ) throws {
        points.hit(.pairDrained)
    }

    func timer(_ state: inout ChaosPairSession, _ context: borrowing PairContext) throws {
        state.timer(context)
    }

    func closing(
        _ cause: EndCause, _ state: inout ChaosPairSession, _ context: borrowing PairContext
    ) {
        state.close(context)
    }
}

/// A session of a chaos driver of both sides: what it has seen, and what it has linked.
final class ChaosPairSession {
    private struct Side {
        var hasEnded = false
        /// A link was given, and nothing came since.
        var isLinked = false
    }

    private let plan: ChaosPairPlan
    private let points: ChaosPoints
    private var random: SeededRandom
    private var client = Side()
    private var upstream = Side()
    private var isOpen = false
    private var hasSent = false
    /// The client's bytes are sent while the upstream is dialled; and its end came meanwhile.
    private var isEager = false
    private var endsLate = false
    private var isClosed = false

    init(_ plan: ChaosPairPlan, _ seed: UInt64, _ points: ChaosPoints) throws {
        self.plan = plan
        self.points = points
        random = SeededRandom(seed: seed &+ UInt64(points.books.pointee.made))
        if plan.isViolent, random.chance(0x200) { throw ChaosError() }
        points.books.pointee.made += 1
    }

    deinit { if isClosed { points.books.pointee.destroyed += 1 } }

    private func change(_ side: PairSide, _ body: (inout Side) -> Void) {
        if side == .client { body(&client) } else { body(&upstream) }
    }

    private func state(_ side: PairSide) -> Side { side == .client ? client : upstream }

    // MARK: Upstreams

    func opened(_ side: PairSide, _ context: borrowing PairContext) throws {
        precondition(!isClosed, "an open driver is called")
        guard side == .upstream else {
            precondition(!isOpen, "a client is opened once")
            isOpen = true
            return connect(context)
        }
        precondition(context.hasUpstream, "an upstream that is opened is there")
        if context.isReused { points.hit(.pairReused) }
        if plan.mayPark, !hasSent, random.chance(0x8000) {
            switch random.below(3) {
            case 0:
                points.hit(.pairClosedUpstream)
                context.closeUpstream(reset: random.chance(0x8000))
            default:
                points.hit(.pairParked)
                context.park(for: .microseconds(random.between(1, 50_000)))
                // There is none to park or to link any more.
                context.park()
                context.link(from: .client, bytes: 10)
                context.send(try Buffer("nobody's"), to: .upstream)
            }
            return connect(context)
        }
        if endsLate { context.shutdown(.upstream) }
        context.resume(.client)
    }

    /// Now or later; twice is once.
    private func connect(_ context: borrowing PairContext) {
        guard plan.mayPark || !random.chance(0x6000) else {
            isEager = true
            return context.connect()
        }
        context.pause(.client)
        guard random.chance(0x8000) else {
            return context.timer(after: .microseconds(random.between(1, 5000)))
        }
        context.connect(upstream: random.chance(0x4000) ? 0 : nil)
        if random.chance(0x4000) { context.connect() }
    }

    // MARK: Bytes

    func received(
        _ data: inout Buffer, _ side: PairSide, _ context: borrowing PairContext
    ) throws {
        precondition(isOpen && !isClosed && !data.isEmpty, "an open driver is called with bytes")
        precondition(!state(side).hasEnded, "a driver gets bytes behind their end")
        guard context.hasUpstream else {
            precondition(isEager, "a paused client is offered bytes")
            points.hit(.pairSentEarly)
            return context.send(data.take(), to: .upstream)
        }
        precondition(!state(side).isLinked, "a linked side is offered bytes")
        guard try !misbehaves(&data, context) else { return }
        hasSent = true
        switch random.below(plan.holds ? 10 : 7) {
        case 0, 1: context.send(data.take(), to: side.other)
        case 2, 3:
            // What is left goes with the link, and so does what comes.
            let part = data.take(first: random.below(data.count + 1))
            if !part.isEmpty { context.send(part, to: side.other) }
            link(side, UInt64(random.between(0, 1 << random.between(0, 20))), context)
        case 4: link(side, nil, context)
        case 5: link(side, UInt64(data.count), context)
        case 6:
            while data.count > 1, context.room > 10 {
                context.send(data.take(first: random.between(1, data.count)), to: side.other)
            }
            context.send(data.take(), to: side.other)
            if random.chance(0x4000) { context.awaitDrained(side.other) }
        default:
            context.send(data.take(first: random.below(data.count)), to: side.other)
            if random.chance(0x8000) { context.pause(side) }
            context.timer(after: .microseconds(random.between(1, 5000)))
        }
    }

    private func link(_ side: PairSide, _ bytes: UInt64?, _ context: borrowing PairContext) {
        points.hit(bytes == nil ? .pairLinkedWhole : .pairLinked)
        change(side) { $0.isLinked = true }
        context.link(from: side, bytes: bytes)
        // A side has one link at a time.
        if random.chance(0x2000) { context.link(from: side, bytes: 7) }
    }

    func linked(_ side: PairSide) {
        precondition(state(side).isLinked, "a link is done that was not begun")
        points.hit(.pairLinkDone)
        change(side) { $0.isLinked = false }
    }

    /// Does what no driver should. True when it has.
    private func misbehaves(_ data: inout Buffer, _ context: borrowing PairContext) throws -> Bool {
        guard plan.isViolent, random.chance(0x180) else { return false }
        switch random.below(4) {
        case 0:
            points.hit(.driverThrew)
            context.send(data.take(), to: .client)
            context.link(from: .upstream)
            throw ChaosError()
        case 1:
            points.hit(.driverOverfull)
            for _ in 0..<random.between(257, 2000) {
                context.send(try Buffer("x"), to: .upstream)
            }
        case 2:
            points.hit(.pairClosedUpstream)
            context.closeUpstream(reset: true)
            context.closeUpstream()
            context.end(.protocolError, reset: true)
        default:
            points.hit(.driverReset)
            context.end(.protocolError, reset: true)
            context.send(try Buffer("behind the end"), to: .client)
        }
        return true
    }

    // MARK: Ends

    func ended(
        _ rest: consuming Buffer, _ side: PairSide, _ context: borrowing PairContext
    ) throws {
        precondition(isOpen && !isClosed && !state(side).hasEnded, "a side ends once")
        if state(side).isLinked { points.hit(.pairLinkEnded) }
        change(side) { $0 = Side(hasEnded: true) }
        context.send(rest, to: side.other)
        guard context.hasUpstream else {
            endsLate = true
            return
        }
        context.shutdown(side.other)
        // Twice is once.
        if random.chance(0x8000) { context.shutdown(side.other) }
        guard client.hasEnded, upstream.hasEnded else { return }
        points.hit(.pairEnded)
        context.end()
        context.send(try Buffer("behind the end"), to: .client)
    }

    func timer(_ context: borrowing PairContext) {
        precondition(isOpen && !isClosed, "an open driver is called")
        guard context.hasUpstream else { return context.connect() }
        context.resume(.client)
        context.resume(.upstream)
    }

    func close(_ context: borrowing PairContext) {
        precondition(!isClosed, "a driver is closed once")
        isClosed = true
        points.books.pointee.closed += 1
        // The engine carries nothing of this out, and nothing leaks.
        if let late = try? Buffer("too late") { context.send(late, to: .upstream) }
        context.connect()
        context.end()
    }
}
