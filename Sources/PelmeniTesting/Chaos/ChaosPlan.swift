internal import PelmeniCore

/// Hooks of a simulated pair that change everything and lose nothing: what they make of a stream is
/// reversible, so that the judge sees each byte that the engine loses, doubles or moves.
package struct ChaosPlan: Sendable {
    /// The directions in which a hook changes units.
    package enum Directions: CaseIterable, Sendable {
        case toUpstream
        case toClient
        case both

        func contains(toClient: Bool) -> Bool {
            switch self {
            case .toUpstream: !toClient
            case .toClient: toClient
            case .both: true
            }
        }
    }

    /// A hook of the chain.
    package struct Stage: Sendable {
        var directions: Directions
        var isAsynchronous = false

        package init(directions: Directions, isAsynchronous: Bool = false) {
            self.directions = directions
            self.isAsynchronous = isAsynchronous
        }
    }

    /// The hooks of the server; below, those of the client.
    package var ofServer: [Stage] = []
    package var ofClient: [Stage] = []
    /// Hooks close and finish sessions, and throw.
    package var isViolent = false
    /// Hooks leave directions.
    package var releases: UInt32 = 0

    package init() {}

    var count: Int { ofServer.count + ofClient.count }
    /// A hook answers later.
    var isLate: Bool { (ofServer + ofClient).contains(where: \.isAsynchronous) }

    /// Hooks that change a direction's units.
    func stages(toClient: Bool) -> Int { stagesOf(toClient: toClient).count }

    /// The same, the one that changes them last first.
    func stagesOf(toClient: Bool) -> [Stage] {
        let stages = (ofServer + ofClient).filter {
            $0.directions.contains(toClient: toClient)
        }
        return toClient ? stages : stages.reversed()
    }

    /// Whether one hook sees both directions alone: only then a reply finds the boundaries of the
    /// other direction's groups.
    var mayReply: Bool {
        count == 1 && (ofServer + ofClient)[0].directions == .both
    }

    func hooks(
        seed: UInt64, _ kernel: SimulatedKernel, isMessage: Bool, mayDrop: Bool
    ) -> HookPlan {
        let points = ChaosPoints(base: kernel.points, books: kernel.chaos.books)
        var plan = HookPlan()
        for (index, stage) in (ofServer + ofClient).enumerated() {
            var settings = ChaosSettings(plan: self, points: points)
            settings.seed = seed &+ UInt64(index) &* 0x1234_5678_9abc
            settings.isMessage = isMessage
            settings.mayDrop = mayDrop
            let table = self.table(stage, settings, kernel)
            if index < ofServer.count {
                plan.ofServer.append(table)
            } else {
                plan.ofClient.append(table)
            }
        }
        return plan
    }

    private func table(
        _ stage: Stage, _ settings: ChaosSettings, _ kernel: SimulatedKernel
    ) -> HookTable {
        guard !stage.isAsynchronous else {
            let later = kernel.chaos.later ?? ChaosLater(kernel)
            kernel.chaos.later = later
            return later.table(self, stage.directions)
        }
        return switch stage.directions {
        case .toUpstream: HookTable { try ChaosOut(settings) }
        case .toClient: HookTable { try ChaosBack(settings) }
        case .both: HookTable { try ChaosBoth(settings) }
        }
    }
}

/// The counts that chaos hooks share with the simulated kernel.
struct ChaosPoints: @unchecked Sendable {
    let base: UnsafeMutablePointer<UInt64>
    /// Instances made and destroyed, messages emitted on top of those received.
    let books: UnsafeMutablePointer<ChaosBooks>

    func hit(_ point: SimulatedPoint) { base[point.rawValue] += 1 }

    /// Notes a message that a driver loses.
    func lose(isAnswer: Bool) {
        books.pointee.lost += 1
        if isAnswer { books.pointee.lostAnswers += 1 }
    }

    /// Notes a message that goes on to the engine.
    func note(_ message: borrowing Buffer) {
        if message.isOutsideBlocks { books.pointee.withoutBlock += 1 }
    }
}

struct ChaosBooks {
    var made = 0
    var closed = 0
    var destroyed = 0
    /// Messages that were emitted in place of a dropped one: counted twice by the engine.
    var extra = 0
    /// Messages, at most, that a driver lost by what it should not do.
    var lost = 0
    /// Of these, messages on their way to clients.
    var lostAnswers = 0
    /// Messages that drivers cut from their streams.
    var cut = 0
    /// Messages that hooks and drivers made outside of blocks: the engine may find none for them.
    var withoutBlock = 0
    /// Calls of asynchronous hooks: begun, and ended by the engine.
    var begun = 0
    var ended = 0
}

/// The streams that hooks changed, and what the hooks counted.
final class SimulatedChaos {
    /// By the peers that the streams come to, the last hook first.
    var decoders: [Int: [ChaosDecoder]] = [:]
    let books: UnsafeMutablePointer<ChaosBooks>
    /// Asynchronous hooks, once a pair has some.
    var later: ChaosLater?

    init() {
        books = .allocate(capacity: 1)
        books.initialize(to: ChaosBooks())
    }

    deinit { books.deallocate() }
}

struct ChaosSettings: Sendable {
    var plan: ChaosPlan
    var points: ChaosPoints
    var seed: UInt64 = 0
    var isMessage = false
    /// Messages may vanish.
    var mayDrop = false
}
