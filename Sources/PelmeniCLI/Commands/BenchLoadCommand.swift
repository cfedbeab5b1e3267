import ArgumentParser
import PelmeniLoad

/// The load of `bench`. Hidden: `bench` starts it.
struct BenchLoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-load", abstract: "The load of `bench`.", shouldDisplay: false)

    func run() async throws {
        guard await LoadChild.run() == 0 else { throw ExitStatus.failed }
    }
}
