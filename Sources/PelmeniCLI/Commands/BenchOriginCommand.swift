import ArgumentParser
import PelmeniLoad

/// An origin of `bench`. Hidden: `bench` starts it.
struct BenchOriginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-origin", abstract: "An origin of `bench`.", shouldDisplay: false)

    func run() async throws {
        guard await OriginChild.run() == 0 else { throw ExitStatus.failed }
    }
}
