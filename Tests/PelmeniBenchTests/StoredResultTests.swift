import Foundation
import Testing

@testable import PelmeniBench

/// Stored results stay readable, and their pages can be made again.
@Suite struct StoredResultTests {
    private static let files: [URL] = {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        folder.append(path: "Benchmarks/results")
        let all = try? FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: nil)
        return (all ?? []).filter { $0.pathExtension == "json" }
    }()

    @Test(arguments: files) func allFormsShowIt(file: URL) throws {
        let report = try JSONDecoder().decode(BenchReport.self, from: Data(contentsOf: file))
        let html = HTMLReport(report).html
        #expect(html.hasSuffix("</html>\n"))
        for result in report.scenarios {
            #expect(html.contains("id=\"\(result.scenario.name)\""))
        }
        #expect(!TextReport(report).text.isEmpty)
        #expect(!MarkdownTable(report, note: "").text.isEmpty)
    }
}
