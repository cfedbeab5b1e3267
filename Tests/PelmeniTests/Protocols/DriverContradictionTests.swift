import Pelmeni
import TestSupport
import Testing

/// A driver whose commands contradict each other: ends twice, bytes behind an end, a resume of what
/// is not paused. Each is carried out or has no effect, and other sessions have no part in it.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct DriverContradictionTests {
    private enum Command: String, CaseIterable {
        case send
        case deliver
        case deliverEnd
        case shutdown
        case pause
        case resume
        case timer
        case awaitDrained
        case end
        case reset
    }

    /// Commands of one call. One of them ends the session, others come before it and behind it.
    private struct Plan: CustomStringConvertible {
        private(set) var commands: [Command] = []
        /// Bytes that go out, unless a reset destroys them: with those behind an end of their own
        /// stream in the same call, or without. It is no promise which.
        private(set) var sent: [String] = []
        private(set) var delivered: [String] = []
        private(set) var isReset = false

        var description: String { commands.map(\.rawValue).joined(separator: ", ") }

        init(seed: Int) {
            var state = UInt64(truncatingIfNeeded: seed) &* 0x9e37_79b9_7f4a_7c15 | 1
            func draw(_ count: Int) -> Int {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(state >> 33) % count
            }
            let before = Command.allCases.dropLast(2)
            for _ in 0..<draw(12) { commands.append(before[draw(before.count)]) }
            isReset = draw(4) == 0
            commands.append(isReset ? .reset : .end)
            for _ in 0..<draw(12) { commands.append(Command.allCases[draw(10)]) }
            let open = commands.prefix { $0 != .end && $0 != .reset }
            sent = [Self.text(open.prefix { $0 != .shutdown }, .send), Self.text(open, .send)]
            delivered = [
                Self.text(open.prefix { $0 != .deliverEnd }, .deliver), Self.text(open, .deliver),
            ]
        }

        private static func text(_ commands: some Sequence<Command>, _ one: Command) -> String {
            commands.enumerated().filter { $0.element == one }.map { "<\($0.offset)>" }.joined()
        }
    }

    @Sendable private static func obey(_ plan: Plan, _ context: borrowing Context) throws {
        for (number, command) in plan.commands.enumerated() {
            switch command {
            case .send: context.send(try Buffer("<\(number)>"))
            case .deliver: context.deliver(try Buffer("<\(number)>"))
            case .deliverEnd: context.deliverEnd()
            case .shutdown: context.shutdown()
            case .pause: context.pause()
            case .resume: context.resume()
            case .timer: context.timer(after: number.isMultiple(of: 2) ? .zero : nil)
            case .awaitDrained: context.awaitDrained()
            case .end: context.end()
            case .reset: context.end(.idle, reset: true)
            }
        }
    }

    private static func driver() -> StreamScript {
        var driver = StreamScript()
        driver.received = { data, _, context in
            let bytes = data.take()
            guard let seed = Int(bytes.text) else { return context.deliver(bytes) }
            try obey(Plan(seed: seed), context)
        }
        return driver
    }

    @Test(arguments: DriverSide.allCases, Variant.all)
    func eachHasAnEffectOrNone(side: DriverSide, variant: Variant) async throws {
        let driver = Self.driver()
        let bridge = try await Bridge.driven(.streams, variant, side, driver)
        let other = try bridge.streams()
        var resets: UInt64 = 0
        for seed in 0..<150 {
            let plan = Plan(seed: seed)
            let (client, upstream) = try bridge.streams()
            let (own, far) = side == .server ? (client, upstream) : (upstream, client)
            try own.write("\(seed)")
            for (wire, wanted) in [(own, plan.sent), (far, plan.delivered)] {
                let (bytes, end) = try wire.readAll()
                let text = String(decoding: bytes, as: UTF8.self)
                #expect(wanted[1].hasPrefix(text), "seed \(seed): \(plan)")
                guard !plan.isReset else { continue }
                #expect(wanted.contains(text), "seed \(seed): \(plan)")
                #expect(end == .clean, "seed \(seed): \(plan)")
            }
            client.close()
            upstream.close()
            resets += plan.isReset ? 1 : 0
            try other.client.write("fine")
            #expect(try other.upstream.readText(4) == "fine")
        }
        #expect(resets > 0)
        other.client.close()
        other.upstream.close()
        await bridge.expect([.completed: 151 - resets, .idle: resets])
        driver.books.expectBalance(151)
        #expect(bridge.failures == [])
    }
}
