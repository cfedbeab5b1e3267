import Testing

@testable import PelmeniBench

/// Targets: the report shows each of them, met or missed.
@Suite struct TargetTests {
    private static func target(
        _ subject: String, _ baseline: String, _ most: Double, scenario: String = "rr64"
    ) -> Target {
        Target(
            scenario: scenario, subject: subject, baseline: baseline, most: most,
            why: "a reason | of \(subject)")
    }

    private static func report(_ targets: [Target]) -> BenchReport {
        var report = ReportSamples.full
        report.targets = targets
        return report
    }

    @Test(arguments: [
        // The sample has 0.69 (0.67 to 0.71) and 1.01 (0.98 to 1.03).
        ("io_uring", "best", 0.69, "met"), ("io_uring", "best", 0.68, "missed, within the noise"),
        ("io_uring", "best", 0.66, "missed"), ("epoll", "haproxy", 1.02, "met"),
        ("epoll", "haproxy", 0.97, "missed"), ("io_uring", "epoll", 0.68, "met"),
        ("io_uring", "nginx", 0.68, "not measured"), ("epoll", "one-worker", 1, "not measured"),
    ]) func theMedianDecides(subject: String, baseline: String, most: Double, verdict: String) {
        let rows = TargetRow.rows(of: Self.report([Self.target(subject, baseline, most)]))
        #expect(rows.map(\.verdict.rawValue) == [verdict])
    }

    @Test func twoWorkersStandBesideOne() {
        var report = Self.report([Self.target("io_uring", Target.oneWorker, 1.05)])
        report.scenarios[1].comparisons.append(
            Comparison(
                subject: "io_uring-2w", baseline: "io_uring", ratio: 1.06, low: 1.05, high: 1.1,
                verdict: .worse))
        let row = TargetRow.rows(of: report).first
        #expect(row?.verdict == .missedWithinNoise)
        #expect(
            row?.words == "rr64, Pelmeni <io_uring> beside itself with one worker: at most 1.05,"
                + " was 1.06 (1.05 to 1.10): missed, within the noise")
    }

    /// A run of some scenarios has only their targets.
    @Test func whatWasNotRunHasNoTarget() {
        let report = Self.report([Self.target("epoll", "best", 1, scenario: "udp64")])
        #expect(TargetRow.rows(of: report).isEmpty)
        #expect(!TextReport(report).text.contains("target"))
        #expect(!HTMLReport(report).html.contains("Targets"))
    }

    @Test func allFormsSayIt() {
        let report = Self.report([
            Self.target("io_uring", "best", 0.7), Self.target("epoll", "best", 0.97),
            Self.target("epoll", "haproxy", 0.96),
        ])
        let missed = "rr64, Pelmeni epoll beside the best peer (HAProxy): at most 0.97, was"
        let text = TextReport(report).text
        #expect(text.contains("targets: 1 of 3 targets are met, 2 missed\n"))
        #expect(text.contains("  \(missed) 1.01 (0.98 to 1.03): missed\n"))
        #expect(!text.contains("at most 0.70"))
        let html = HTMLReport(report).html
        #expect(html.contains("<h2>Targets</h2>") && html.contains("1 of 3 targets are met"))
        #expect(html.contains("a reason | of epoll") && !html.contains("a reason | of io_uring"))
        let table = MarkdownTable(report, note: "").text
        #expect(table.contains("- \(missed) 1.01 (0.98 to 1.03): missed. a reason \\| of epoll\n"))
        // Once.
        #expect(table.ranges(of: "a reason").count == 1)
    }
}
