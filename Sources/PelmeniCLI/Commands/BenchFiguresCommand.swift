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
        var report = try Self.report(result)
        if let targets {
            do throws(BenchError) {
                report.targets = try BenchTargetsFile.read(targets)
            } catch { throw UsageError("\(error)", command: "bench") }
        }
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

    private static func report(_ path: String) throws -> BenchReport {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw UsageError("\(path) cannot be read", command: "bench")
        }
        do {
            let report = try JSONDecoder().decode(BenchReport.self, from: data)
            guard report.format == BenchReport.formatVersion else {
                throw UsageError(
                    "\(path) has format \(report.format), not \(BenchReport.formatVersion)",
                    command: "bench")
            }
            return report
        } catch let error as DecodingError {
            throw UsageError("\(path) is no result of 'pelmeni bench': \(error)", command: "bench")
        }
    }
}
