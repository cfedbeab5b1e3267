import Foundation
import PelmeniBench
import Testing

@testable import PelmeniCLI

/// Pages from a stored result, long after its run.
@Suite final class BenchStoredTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(
            path: "pelmeni-stored-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    private func store(_ text: String, as name: String) throws {
        try text.write(toFile: path(name), atomically: true, encoding: .utf8)
    }

    /// A result of one scenario, in which io_uring costs less than the only peer.
    private static func report() -> BenchReport {
        var report = BenchReport(
            startedAt: "2026-11-28T12:00:00Z", pelmeniVersion: "0.1.0", rounds: 3,
            windowSeconds: 1, warmUpSeconds: 0.5, placement: .shared, loadRing: "epoll",
            machine: MachineFacts(),
            subjects: [
                Subject(name: "io_uring", title: "Pelmeni io_uring", kind: .pelmeni),
                Subject(name: "haproxy", title: "HAProxy", kind: .peer),
            ])
        var result = ScenarioResult(
            scenario: Scenario(
                "rr64", .exchange, .cpuPerRequest, connections: 64, summary: "64 bytes"))
        for (name, seconds) in [("io_uring", 3e-6), ("haproxy", 4e-6)] {
            var own = SubjectResult(subject: name)
            own.values = [seconds]
            own.median = seconds
            result.subjects.append(own)
        }
        result.bestPeer = "haproxy"
        result.comparisons = [
            Comparison(
                subject: "io_uring", baseline: "haproxy", ratio: 0.75, low: 0.7, high: 0.8,
                verdict: .better)
        ]
        report.scenarios = [result]
        return report
    }

    private func storeResult() throws {
        try store(
            String(decoding: try JSONEncoder().encode(Self.report()), as: UTF8.self), as: "a.json")
    }

    @Test func aPageIsMadeOfAResult() async throws {
        try storeResult()
        try store(
            "- {scenario: rr64, subject: io_uring, baseline: best, most: 0.8}", as: "t.yaml")
        let outcome = await PelmeniCommand.perform([
            "bench-page", path("a.json"), path("a.html"), "--targets", path("t.yaml"),
        ])
        #expect(outcome.status == .success, "\(outcome.message)")
        let page = try text("a.html")
        #expect(page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</html>\n"))
        #expect(page.contains("id=\"rr64\"") && page.contains("1 of 1 targets are met"))
    }

    @Test func figuresGoIntoBothPages() async throws {
        try storeResult()
        try store("# A\n<!-- figures -->\n<!-- /figures -->\n", as: "figures.md")
        try store("# B\n<!-- figure -->\nold\n<!-- /figure -->\nend\n", as: "README.md")
        let outcome = await PelmeniCommand.perform([
            "bench-figures", path("a.json"), path("figures.md"), "--headline", path("README.md"),
        ])
        #expect(outcome.status == .success, "\(outcome.message)")
        let figures = try text("figures.md")
        #expect(figures.contains("| **3.00 µs**<br>0.75 (0.70 to 0.80) | 4.00 µs |"))
        #expect(figures.contains("Generated from `Benchmarks/results/a.json`."))
        let readme = try text("README.md")
        #expect(readme.contains("\n**0.75 (0.70 to 0.80) of HAProxy's CPU a request**;"))
        #expect(!readme.contains("old") && readme.hasSuffix("<!-- /figure -->\nend\n"))
    }

    @Test func aPageWithoutMarkersLeavesBothAsTheyWere() async throws {
        try storeResult()
        let page = "<!-- figures -->\n<!-- /figures -->\n"
        try store(page, as: "figures.md")
        try store("nothing", as: "README.md")
        let outcome = await PelmeniCommand.perform([
            "bench-figures", path("a.json"), path("figures.md"), "--headline", path("README.md"),
        ])
        #expect(outcome.status == .usage)
        #expect(outcome.message.contains("README.md does not have '<!-- figure -->'"))
        #expect(try text("figures.md") == page)
    }

    @Test(arguments: ["bench-page", "bench-figures"])
    func whatIsNoResultIsNamed(_ command: String) async throws {
        var other = Self.report()
        other.format += 1
        try store(
            String(decoding: try JSONEncoder().encode(other), as: UTF8.self), as: "newer.json")
        try store("{}", as: "empty.json")
        for (name, words) in [
            ("absent.json", "cannot be read"), ("empty.json", "no result"),
            ("newer.json", "has format"),
        ] {
            let outcome = await PelmeniCommand.perform([command, path(name), path("b")])
            #expect(outcome.status == .usage)
            #expect(outcome.message.contains(words), "\(outcome.message)")
            #expect(!FileManager.default.fileExists(atPath: path("b")))
        }
    }
}
