import Testing

@testable import PelmeniBench

@Suite struct ReportPageTests {
    private static let voids: Set<String> = ["meta", "br"]

    /// A fault in the nesting of tags; nil when each is closed in order.
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
            "At a glance", "● 3.59 µs", "▼ 0.69 (0.67\u{a0}to\u{a0}0.71)",
            "≈ 1.01 (0.98\u{a0}to\u{a0}1.03)", "<a href=\"#rr64\">", "id=\"rr64\"",
            "against the best peer: better in 3 of 4 scenarios, no difference in 0, worse in 1",
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
        #expect(!styles.values.contains { $0.isVariant })
        let many = (0..<20).map { Subject(name: "\($0)", title: "", kind: .pelmeni) }
        #expect(SeriesStyle.assigned(to: many).count == 20)
    }

    @Test func aVariantLooksLikeItsOriginalAndIsHollow() throws {
        let subjects = ["io_uring-6.1", "io_uring", "epoll", "epoll-2w"].map {
            Subject(name: $0, title: $0, kind: .pelmeni)
        }
        let peers = ["haproxy", "nginx", "haproxy-256k"].map {
            Subject(name: $0, title: $0, kind: .peer)
        }
        let styles = SeriesStyle.assigned(to: subjects + peers)
        #expect(styles["haproxy-256k"]?.slot == styles["haproxy"]?.slot)
        #expect(styles["epoll-2w"]?.slot == styles["epoll"]?.slot)
        #expect(styles["io_uring-6.1"]?.slot != styles["io_uring"]?.slot)
        #expect(
            styles.filter(\.value.isVariant).map(\.key).sorted() == [
                "epoll-2w", "haproxy-256k", "io_uring-6.1",
            ])
        #expect(Set(styles.values.map { "\($0)" }).count == styles.count)
    }

    @Test func onlyTheSameLoadIsASweep() {
        var report = ReportSamples.full
        let plain = HTMLReport(report).html
        #expect(plain.contains("against connections"))
        // The same number of connections again, with another load: the line goes back and forth.
        for change in ["think", "two-workers", "pipeline"] {
            report.scenarios = Array(ReportSamples.full.scenarios[1...1])
            var other = report.scenarios[0]
            other.scenario.connections = 512
            switch change {
            case "think": other.scenario.thinkMicroseconds = 1_000
            case "two-workers": other.scenario.name = ScenarioCatalog.twoWorkersName
            default: other.scenario.pipeline = 2
            }
            report.scenarios.append(other)
            #expect(!HTMLReport(report).html.contains("against connections"), "\(change)")
        }
    }

    @Test func withoutPeersBackendsAreHeldAgainstEachOther() {
        var report = ReportSamples.full
        report.subjects.removeAll { $0.kind == .peer }
        for index in report.scenarios.indices {
            report.scenarios[index].bestPeer = nil
            report.scenarios[index].subjects.removeAll { $0.subject == "haproxy" }
            report.scenarios[index].comparisons.removeAll { $0.baseline == "haproxy" }
        }
        let html = HTMLReport(report).html
        #expect(html.contains("Pelmeni, backend beside backend"))
        #expect(html.contains("against Pelmeni epoll: better in 3 of 3 scenarios"))
        #expect(html.contains("▼ 0.68 (0.66\u{a0}to\u{a0}0.70)"))
    }
}
