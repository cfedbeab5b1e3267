import ArgumentParser
import PelmeniBench

/// Holds a peer of `bench`, and ends it when `bench` does. Hidden: `bench` starts it.
struct BenchGuardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-guard", abstract: "Holds a peer of `bench`.", shouldDisplay: false)

    @Argument(parsing: .postTerminator) var command: [String]

    func run() throws {
        guard PeerGuard.run(command) == 0 else { throw ExitStatus.failed }
    }
}
