import Foundation
import PelmeniBench

/// A result of `pelmeni bench --json`.
enum BenchResultFile {
    /// - Parameter targets: a file of targets to compare the result with, in place of its own.
    static func read(_ path: String, targets: String?) throws -> BenchReport {
        var report = try read(path)
        guard let targets else { return report }
        do throws(BenchError) {
            report.targets = try BenchTargetsFile.read(targets)
        } catch { throw UsageError("\(error)", command: "bench") }
        return report
    }

    private static func read(_ path: String) throws -> BenchReport {
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
