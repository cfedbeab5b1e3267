import ArgumentParser
import Foundation
import PelmeniBench

/// Puts the table of a stored result into a README. Hidden: `make figures` calls it.
struct BenchFiguresCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-figures", abstract: "Put a stored result into a README.",
        shouldDisplay: false)

    @Argument(help: "What `pelmeni bench --json` wrote.") var result: String
    @Argument(help: "A file with the markers that the table stands between.") var readme: String
    @Option(help: "Targets to hold the result against, instead of its own.") var targets: String?

    func run() throws {
        let report = try BenchResultFile.read(result, targets: targets)
        let name = URL(fileURLWithPath: result).lastPathComponent
        let table = MarkdownTable(report, note: "Generated from `Benchmarks/results/\(name)`.").text
        guard let text = try? String(contentsOfFile: readme, encoding: .utf8) else {
            throw UsageError("\(readme) cannot be read", command: "bench")
        }
        guard let filled = MarkdownTable.replace(in: text, with: table) else {
            throw UsageError(
                "\(readme) does not have '<!-- figures -->' and '<!-- /figures -->' once each",
                command: "bench")
        }
        try filled.write(toFile: readme, atomically: true, encoding: .utf8)
    }
}
