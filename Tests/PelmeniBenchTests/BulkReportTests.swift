import Testing

@testable import PelmeniBench

@Suite("Long streams: bytes a second beside everybody's processor time")
struct BulkReportTests {
    /// 2.5 GB a second; the proxy has 0.5 s of it, the load 0.75, the origin 1.
    private static func sample(_ round: Int) -> Sample {
        var sample = Sample(round: round)
        sample.seconds = 1
        sample.exchanges = 2_384
        sample.bytes = 2_500_000_000
        sample.cpuSeconds = 0.5
        sample.loadCPUSeconds = 0.75
        sample.originCPUSeconds = 1
        return sample
    }

    private static func report(_ change: (inout Sample) -> Void = { _ in }) throws -> BenchReport {
        let scenario = try #require(ScenarioCatalog.all.first { $0.name == "download" })
        var report = ReportSamples.empty
        let subjects = report.subjects.filter { $0.refusal == nil }
        let results = subjects.map { subject in
            var result = SubjectResult(subject: subject.name)
            for round in 1...3 {
                var sample = sample(round)
                if subject.kind == .direct { sample.cpuSeconds = 0 }
                change(&sample)
                result.samples.append(sample)
            }
            return result
        }
        let summary = ScenarioSummary(
            scenario: scenario, subjects: subjects, counting: ["haproxy"])
        report.scenarios = [summary.result(results)]
        return report
    }

    @Test func aSampleKnowsAllThree() {
        #expect(Self.sample(1).allCPUSeconds == 2.25)
        var old = Self.sample(1)
        old.loadCPUSeconds = nil
        #expect(old.allCPUSeconds == nil)
    }

    @Test func theTableHasBoth() throws {
        let text = TextReport(try Self.report()).text
        let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
        let head = try #require(text.split(separator: "\n").first { $0.contains("GB/s") })
        #expect(head.contains("GB/s  CPU s/GB  all three"))
        let row = try #require(lines.first { $0.first == "haproxy" && $0.count > 5 })
        #expect(row[1...3] == ["2.50", "0.200", "0.900"])
        // Without a proxy: the CPU of load and origin.
        let direct = try #require(lines.first { $0.first == "direct" })
        #expect(direct[1...3] == ["2.50", "-", "0.700"])
        #expect(text.contains("all three: load, proxy and origin together"))
    }

    @Test func thePageHasBothAtAGlance() throws {
        let html = HTMLReport(try Self.report()).html
        #expect(html.contains("<small>2.50 GB/s, all three 0.900 s/GB</small>"))
        #expect(html.contains("<small>2.50 GB/s, all three 0.700 s/GB</small>"))
    }

    @Test func theReadmeHasBoth() throws {
        let table = MarkdownTable(try Self.report(), note: "").text
        #expect(table.contains("0.200 s/GB**<br>2.50 GB/s, all three 0.900 s/GB"))
        #expect(table.contains("| 0.200 s/GB<br>2.50 GB/s, all three 0.900 s/GB |"))
    }

    @Test func olderResultsHaveBytesASecondAlone() throws {
        let table = MarkdownTable(try Self.report { $0.originCPUSeconds = nil }, note: "").text
        #expect(table.contains("0.200 s/GB<br>2.50 GB/s |"))
        #expect(TextReport(try Self.report { $0.loadCPUSeconds = nil }).text.contains("all three"))
    }

    @Test func aRequestHasAllThreeToo() {
        var report = ReportSamples.full
        for scenario in report.scenarios.indices {
            for subject in report.scenarios[scenario].subjects.indices {
                for sample in report.scenarios[scenario].subjects[subject].samples.indices {
                    report.scenarios[scenario].subjects[subject].samples[sample].loadCPUSeconds = 1
                    report.scenarios[scenario].subjects[subject].samples[sample].originCPUSeconds =
                        2
                }
            }
        }
        let text = TextReport(report).text
        #expect(text.contains("CPU µs/request  all three"))
        #expect(MarkdownTable(report, note: "").text.contains("all three"))
    }
}
