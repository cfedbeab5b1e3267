import Foundation
import HTTPChaos
import PelmeniTesting
import Testing

/// Worlds of the simulator with HTTP, in a build with all assertions: `pelmeni-simulator` runs more
/// of them, without.
@Suite struct ChaosWorldTests {
    private static let seeds = (1...1_500).filter { HTTPWorld.has(seed: $0) }

    @Test func seeds() throws {
        for seed in Self.seeds {
            let outcome = Simulation.outcome(of: try HTTPWorld.setup(seed: seed))
            #expect(outcome.violations.isEmpty, "pelmeni-simulator --seed \(seed)")
        }
    }

    /// One seed is one run, to the last byte.
    @Test func aSeedIsARun() throws {
        for seed in Self.seeds.prefix(20) {
            let hashes = try (0..<2).map { _ in
                Simulation.outcome(of: try HTTPWorld.setup(seed: seed)).hash
            }
            #expect(hashes[0] == hashes[1], "seed \(seed)")
        }
    }

    /// The stored inputs of the fuzz target of whole connections.
    @Test func storedConnections() throws {
        let here = URL(filePath: #filePath).deletingLastPathComponent()
        let folder = here.deletingLastPathComponent()
            .appending(path: "HTTPFuzz/corpus/CONNECTION")
        let files = try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: nil)
        #expect(files.count > 10)
        for file in files {
            let bytes = try Data(contentsOf: file)
            #expect(ConnectionFuzz.fault(of: bytes) == nil, "\(file.lastPathComponent)")
        }
    }
}
