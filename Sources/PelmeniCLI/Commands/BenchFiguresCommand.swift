import ArgumentParser
import Foundation
import PelmeniBench

/// Puts the figures of a stored result into pages. Hidden: `make figures` calls it.
struct BenchFiguresCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-figures", abstract: "Put the figures of a stored result into pages.",
        shouldDisplay: false)

    @Argument(help: "What `pelmeni bench --json` wrote.") var result: String
    @Argument(help: "A page with the markers that the table stands between.") var page: String
    @Option(help: "A page with the markers that the one figure stands between.")
    var headline: String?
    @Option(help: "Targets to hold the result against, instead of its own.") var targets: String?

    func run() throws {
        let report = try BenchResultFile.read(result, targets: targets)
        let name = URL(fileURLWithPath: result).lastPathComponent
        let table = MarkdownTable(report, note: "Generated from `Benchmarks/results/\(name)`.").text
        var pages = [(page, try Self.filled(page, .figures, with: table))]
        if let headline {
            guard let figure = HeadlineFigure(report) else {
                throw UsageError(
                    "\(result) does not hold Pelmeni against a peer in \(HeadlineFigure.scenario)",
                    command: "bench")
            }
            pages.append((headline, try Self.filled(headline, .headline, with: figure.text)))
        }
        // Both pages or neither.
        for (path, text) in pages {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
    }

    private static func filled(
        _ path: String, _ section: MarkedSection, with text: String
    ) throws -> String {
        guard let page = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw UsageError("\(path) cannot be read", command: "bench")
        }
        guard let filled = section.filled(in: page, with: text) else {
            throw UsageError(
                "\(path) does not have '\(section.begin)' and '\(section.end)' once each",
                command: "bench")
        }
        return filled
    }
}
