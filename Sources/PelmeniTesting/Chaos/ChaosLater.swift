internal import PelmeniCore

/// Asynchronous chaos hooks: each answers at a simulated time, in any order, and some only after
/// their session has ended.
///
/// A stream's bytes are changed each on its own: an asynchronous hook holds nothing back.
final class ChaosLater: @unchecked Sendable {
    /// The byte that each one is combined with.
    static let mask: UInt8 = 0xa5

    private struct Call {
        var ticket: HookTicket
        var isMessage: Bool
        var isCancelled = false
        var isSilent = false
    }

    private unowned let kernel: SimulatedKernel
    private var calls: [Int: Call] = [:]
    private var serial = 0
    private var random: SeededRandom

    init(_ kernel: SimulatedKernel) {
        self.kernel = kernel
        random = SeededRandom(seed: kernel.world.seed ^ 0x6c61_7465_72)
    }

    /// A hook of one or both directions.
    func table(_ plan: ChaosPlan, _ directions: ChaosPlan.Directions) -> HookTable {
        let isOut = directions.contains(toClient: false)
        return HookTable(
            name: "later", forwards: isOut, sends: isOut,
            responds: directions.contains(toClient: true),
            deadline: plan.isViolent && random.chance(0x4000) ? 20_000_000 : 10_000_000_000,
            begin: { ticket, session in
                self.begin(ticket, isMessage: session.isMessage)
            },
            cancel: { token in self.cancel(Int(bitPattern: token)) })
    }

    private func begin(_ ticket: HookTicket, isMessage: Bool) -> UnsafeMutableRawPointer {
        serial += 1
        calls[serial] = Call(ticket: ticket, isMessage: isMessage)
        kernel.chaos.books.pointee.begun += 1
        kernel.hit(.hookParked)
        // At once, soon, or after the patience of some deadlines.
        let wait = random.pick([0, 1000, 300_000, 5_000_000, 40_000_000])
        if kernel.world.hooksEndSessions, random.chance(0x400) {
            // Never: the deadline has to end the session. A cancelled task drops its unit.
            kernel.hit(.hookSilent)
            calls[serial]?.isSilent = true
        } else if wait == 0 {
            answer(serial)
        } else {
            kernel.answerLater(serial, after: UInt64(random.between(1, wait)))
        }
        guard let token = UnsafeMutableRawPointer(bitPattern: serial) else {
            fatalError("a serial number is not 0")
        }
        return token
    }

    /// The engine has got the answer, or does not wait for it any more.
    private func cancel(_ number: Int) {
        kernel.chaos.books.pointee.ended += 1
        guard let call = calls[number] else { return }
        kernel.hit(.hookCancelled)
        if call.isSilent {
            calls[number] = nil
        } else {
            calls[number]?.isCancelled = true
        }
    }

    private func note(_ message: borrowing Buffer) {
        if message.isOutsideBlocks { kernel.chaos.books.pointee.withoutBlock += 1 }
    }

    func answer(_ number: Int) {
        guard let call = calls.removeValue(forKey: number) else { return }
        if call.isCancelled {
            // Half of them answer all the same, the others drop what they have.
            guard random.chance(0x8000) else { return }
            kernel.hit(.hookStale)
        }
        var buffer = call.ticket.takeBuffer()
        if kernel.world.hooksEndSessions, random.chance(0x100) {
            return call.ticket.answer(
                random.chance(0x8000) || !call.isMessage ? .close : .drop, buffer, reason: "chaos")
        }
        if !call.isMessage {
            buffer.withUnsafeMutableBytes { bytes in
                for index in bytes.indices { bytes[index] ^= Self.mask }
            }
        }
        if random.chance(0x8000) {
            // A buffer of its own.
            guard let copy = try? Buffer(buffer.array) else { return }
            note(copy)
            return call.ticket.answer(.forward, copy)
        }
        note(buffer)
        call.ticket.answer(.forward, buffer)
    }
}

extension SimulatedKernel {
    func answerLater(_ number: Int, after wait: UInt64) {
        events.add(.hookAnswers, at: time + wait, number: number)
    }

    func hookAnswers(_ number: Int) {
        chaos.later?.answer(number)
        // As the eventfd does.
        ask(0)
    }
}
