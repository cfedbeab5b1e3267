import Testing

@testable import PelmeniBench

@Suite struct ReportPageTests {
    private static let voids: Set<String> = ["meta", "br"]

    /// What is wrong with the nesting of tags; nil when each is closed in its turn.
    private func fault(in html: String) -> String? {
        var open: [String] = []
        for piece in html.split(separator: "<", omittingEmptySubsequences: false).dropFirst() {
            guard let end = piece.firstIndex(of: ">") else { return "no end: \(piece)" }
            let tag = piece[..<end]
            if tag.hasPrefix("!") { continue }
            if tag.filter({ $0 == "\"" }).count % 2 != 0 { return "quotes: \(tag)" }
            if tag.hasPrefix("/") {
                guard open.popLast() == String(tag.dropFirst()) else { return "closed: \(tag)" }
            } else {
                let name = String(tag.prefix { $0.isLetter || $0.isNumber })
                if name.isEmpty { return "no name: \(tag)" }
                if !ReportPageTests.voids.contains(name) { open.append(name) }
            }
        }
        return open.isEmpty ? nil : "open: \(open)"
    }

    @Test func theCheckerSeesFaults() {
        #expect(fault(in: "<a><b></b></a>") == nil)
        for wrong in ["<a>", "<a><b></a></b>", "</a>", "< ", "a < b <i></i>", "<a b=\"></a>"] {
            #expect(fault(in: wrong) != nil, "\(wrong)")
        }
    }

    @Test func tagsAreBalanced() {
        #expect(fault(in: HTMLReport(ReportSamples.full).html) == nil)
    }

    @Test func nothingIsFetched() {
        let html = HTMLReport(ReportSamples.full).html
        for word in ["http:", "https:", "src=", "url(", "@import", "<script", "<link"] {
            #expect(!html.contains(word), "\(word)")
        }
    }

    @Test func stringsAreEscaped() {
        let html = HTMLReport(ReportSamples.full).html
        #expect(html.contains("Pelmeni &lt;io_uring&gt;") && !html.contains("<io_uring>"))
        #expect(html.contains("AMD EPYC &amp; Co") && !html.contains("EPYC & Co"))
        #expect(html.contains("&lt;others&gt;"))
        #expect(
            Markup("i", ["title": "\"'"], text: "\u{1}<").html
                == "<i title=\"&quot;&#39;\">&lt;</i>")
    }

    @Test func allPartsAreThere() {
        let html = HTMLReport(ReportSamples.full).html
        for words in [
            "At a glance", "● 3.59 µs", "▼ 0.69 (0.67 to 0.71)", "≈ 1.01 (0.98 to 1.03)",
            "Throughput against connections", "CPU a request against connections",
            "Latency by percentile, open", "memory a pair of connections, idle1000",
            "3 reset, 1 timed out", "nginx is not installed", "How it was measured",
            "round by round",
            "untrained return thunk",
        ] {
            #expect(html.contains(words), "\(words)")
        }
    }

    @Test func pointsStayInTheirPictures() throws {
        let html = HTMLReport(ReportSamples.full).html
        for name in [" x=", " x1=", " x2=", " y=", " y1=", " y2=", " cx=", " cy="] {
            for piece in html.split(separator: "\(name)\"").dropFirst() {
                let value = try #require(Double(piece.prefix { $0 != "\"" }))
                #expect(value >= 0 && value <= 520)
            }
        }
    }

    private func expectAllForms(of report: BenchReport, _ note: Comment) {
        #expect(fault(in: HTMLReport(report).html) == nil, note)
        #expect(!TextReport(report).text.isEmpty && !MarkdownTable(report, note: "").text.isEmpty)
    }

    @Test func emptyReportsAreShown() {
        var report = ReportSamples.empty
        expectAllForms(of: report, "no scenario")
        report.subjects = []
        report.machine = MachineFacts()
        report.rounds = 0
        expectAllForms(of: report, "no subject")
        report.scenarios = ReportSamples.full.scenarios
        expectAllForms(of: report, "results of unknown subjects")
        for index in report.scenarios.indices { report.scenarios[index].subjects = [] }
        expectAllForms(of: report, "no result")
    }

    @Test func zeroValuesAreShown() {
        var report = ReportSamples.full
        for scenario in report.scenarios.indices {
            report.scenarios[scenario].scenario.connections = 0
            for subject in report.scenarios[scenario].subjects.indices {
                report.scenarios[scenario].subjects[subject].samples = [Sample(round: 1)]
                report.scenarios[scenario].subjects[subject].values = [0]
                report.scenarios[scenario].subjects[subject].median = 0
            }
        }
        expectAllForms(of: report, "zero")
        for scenario in report.scenarios.indices {
            for subject in report.scenarios[scenario].subjects.indices {
                report.scenarios[scenario].subjects[subject].samples = []
                report.scenarios[scenario].subjects[subject].values = []
                report.scenarios[scenario].subjects[subject].median = nil
            }
        }
        expectAllForms(of: report, "no sample")
    }

    @Test func extremesAreShown() {
        var report = ReportSamples.full
        for scenario in report.scenarios.indices {
            for subject in report.scenarios[scenario].subjects.indices {
                var sample = Sample(round: 1)
                sample.seconds = 1e-300
                sample.exchanges = .max
                sample.bytes = .max
                sample.cpuSeconds = 1e300
                sample.latency.max = .max
                sample.latency.curve = [LatencyFigures.Point(percentile: 100, nanoseconds: .max)]
                report.scenarios[scenario].subjects[subject].samples = [sample]
                report.scenarios[scenario].subjects[subject].values = [1e300, -1, .nan, .infinity]
                report.scenarios[scenario].subjects[subject].median = 1e300
            }
        }
        expectAllForms(of: report, "extremes")
    }

    @Test func aSubjectLooksTheSameEverywhere() {
        let styles = SeriesStyle.assigned(to: ReportSamples.full.subjects)
        #expect(Set(styles.values.map(\.slot)).count == 5 && styles["direct"]?.slot == 0)
        let many = (0..<20).map { Subject(name: "\($0)", title: "", kind: .pelmeni) }
        #expect(SeriesStyle.assigned(to: many).count == 20)
    }
}
