import Pelmeni
import PelmeniHTTP
package import PelmeniTesting

/// Worlds of HTTP between chaotic clients and origins: seeds that leave 12 when divided by 16.
/// Seeds that leave 2 when divided by 32 have a bridge, with HTTP on one side.
package enum HTTPWorld {
    /// Whether the simulator's seed has such a world.
    package static func has(seed: UInt64) -> Bool { seed % 16 == 12 || seed % 32 == 2 }

    /// The decisions of a seed.
    package static func setup(seed: UInt64) throws -> SimulationSetup {
        let shape = WorldShape(seed: seed)
        let clients = shape.clients.count
        let cast = SimulationSetup.Cast(clients: clients, bytes: shape.bytes) {
            HTTPPrograms(WorldShape(seed: seed))
        }
        return try SimulationSetup(
            seed: seed, server: shape.server(), cast: cast, isRough: shape.isRough)
    }
}

/// The peers of one run.
final class HTTPPrograms: PeerPrograms {
    private let shape: WorldShape
    private let book: HTTPBook
    private var random: SeededRandom

    init(_ shape: WorldShape) {
        self.shape = shape
        book = shape.book()
        random = SeededRandom(seed: shape.seed ^ 0x6f72_6967_696e)
    }

    func client(_ number: Int) -> any StreamProgram {
        guard shape.kind != .fromFrames else {
            return ChaosFrameClient(book, book.clients[number], shape.habits[number])
        }
        return ChaosClient(book, book.clients[number], shape.habits[number])
    }

    func messageClient(_ number: Int) -> any MessageProgram {
        ChaosDatagramClient(book, book.clients[number])
    }

    func messageUpstream(_ number: Int) -> any MessageProgram {
        ChaosDatagramUpstream(book, seed: random.next())
    }

    func upstream(_ number: Int) -> any StreamProgram {
        let habits = shape.originHabits(&random)
        return switch shape.kind {
        case .toStream: ChaosStreamUpstream(book, habits, isFramed: false)
        case .toFrames: ChaosStreamUpstream(book, habits, isFramed: true)
        default: ChaosOrigin(book, habits)
        }
    }

    func judge(_ outcome: SimulationOutcome) -> [String] { [] }

    var points: [SimulatedPoint: UInt64] { book.points }
}
