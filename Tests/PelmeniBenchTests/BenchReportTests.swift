import Testing

@testable import PelmeniBench

@Suite struct BenchReportTests {
    private func report(errorsOf subject: String) -> BenchReport {
        var report = ReportSamples.full
        for scenario in report.scenarios.indices {
            for index in report.scenarios[scenario].subjects.indices {
                let name = report.scenarios[scenario].subjects[index].subject
                report.scenarios[scenario].subjects[index].failure = nil
                for sample in report.scenarios[scenario].subjects[index].samples.indices {
                    report.scenarios[scenario].subjects[index].samples[sample].errors =
                        name == subject ? ["reset": 7] : [:]
                }
            }
        }
        return report
    }

    /// A run is void by an error of ours, or of the load; a peer's are told as a doubt.
    @Test func whoseErrorsCount() {
        #expect(!report(errorsOf: "nobody").hasErrors)
        #expect(report(errorsOf: "io_uring").hasErrors)
        #expect(report(errorsOf: "epoll").hasErrors)
        #expect(report(errorsOf: "direct").hasErrors)
        #expect(!report(errorsOf: "haproxy").hasErrors)
    }

    /// A peer that ended has no figures: the run is not whole.
    @Test func aFailureCounts() {
        var report = report(errorsOf: "nobody")
        report.scenarios[0].subjects[0].failure = "it ended"
        #expect(report.hasErrors)
    }
}
