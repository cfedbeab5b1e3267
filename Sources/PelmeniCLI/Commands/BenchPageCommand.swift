import ArgumentParser
import Foundation
import PelmeniBench

/// Writes the page of a stored result. Hidden: `make report` calls it.
struct BenchPageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-page", abstract: "Write the page of a stored result.",
        shouldDisplay: false)

    @Argument(help: "What `pelmeni bench --json` wrote.") var result: String
    @Argument(help: "The file to write, HTML.") var page: String
    @Option(help: "Targets to hold the result against, instead of its own.") var targets: String?

    func run() throws {
        let report = try BenchResultFile.read(result, targets: targets)
        try HTMLReport(report).html.write(toFile: page, atomically: true, encoding: .utf8)
    }
}
