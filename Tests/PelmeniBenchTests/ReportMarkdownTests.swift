import Testing

@testable import PelmeniBench

@Suite struct ReportMarkdownTests {
    @Test func rowsHoldMediansAndRatios() throws {
        let text = MarkdownTable(ReportSamples.full, note: "`make bench` repeats it.").text
        let lines = text.split(separator: "\n")
        #expect(
            lines[0] == "| scenario, and what is compared | Pelmeni <io_uring> | Pelmeni epoll "
                + "| HAProxy |")
        let row = try #require(lines.first { $0.contains("`rr64`") })
        #expect(row.contains("| **3.59 µs**<br>0.69 (0.67 to 0.71) |"))
        #expect(row.contains("<br>no difference |") && row.hasSuffix("| 5.20 µs |"))
        #expect(text.contains("- not measured: nginx: nginx is not installed"))
        #expect(text.contains("- in doubt: `open`: 17 %") && text.contains("errors: 3 reset"))
        #expect(text.hasSuffix("`make bench` repeats it."))
    }

    @Test func cellsCannotEndEarly() {
        var report = ReportSamples.full
        report.subjects[1].title = "a|b\nc"
        #expect(MarkdownTable(report, note: "").text.contains("| a\\|b c |"))
    }

    @Test func twoWorkersStandBesideOne() {
        var report = ReportSamples.full
        var two = report.subjects[1]
        two.name += "-2w"
        report.subjects.append(two)
        var result = report.scenarios[1].subjects[2]
        result.subject = two.name
        report.scenarios[1].subjects.append(result)
        let text = MarkdownTable(report, note: "").text
        #expect(text.contains("| **3.59 µs**<br>2 workers: 5.25 µs<br>0.69 (0.67 to 0.71) |"))
        #expect(HTMLReport(report).html.contains("<small>2 workers: 5.25 µs</small>"))
    }

    @Test func theHeadlineIsOneComparison() throws {
        let text = try #require(HeadlineFigure(ReportSamples.full)).text
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 118 })
        let line = text.replacing("\n", with: " ")
        #expect(
            line.hasPrefix(
                "**0.69 (0.67 to 0.71) of HAProxy's CPU a request**; HAProxy is the best peer. "
                    + "64 bytes there & back <64>: Pelmeni <io_uring> 3.59 µs, Pelmeni epoll 5.25 µs, "
                    + "HAProxy 5.20 µs. Measured 2026-11-24 on AMD EPYC & Co, 2 logical cores"))
    }

    @Test func aHeadlineClaimsNoMoreThanItsInterval() throws {
        var report = ReportSamples.full
        let index = try #require(
            report.scenarios.firstIndex { $0.scenario.name == HeadlineFigure.scenario })
        report.scenarios[index].comparisons[0].verdict = .noDifference
        let text = try #require(HeadlineFigure(report)).text
        #expect(text.hasPrefix("**No difference to HAProxy in CPU a request**; HAProxy is the"))
        report.scenarios[index].comparisons[0].verdict = .unknown
        #expect(HeadlineFigure(report) == nil)
        report.scenarios.remove(at: index)
        #expect(HeadlineFigure(report) == nil)
    }

    @Test func generatedTextReplacesWhatStandsBetweenTheMarkers() {
        let rest = "b <!-- figure --><!-- /figure -->\n"
        let page = "a\n<!-- figures -->\nold\n<!-- /figures -->\n" + rest
        let new = MarkedSection.figures.filled(in: page, with: "new")
        #expect(new == "a\n<!-- figures -->\n\nnew\n\n<!-- /figures -->\n" + rest)
        #expect(new.flatMap { MarkedSection.figures.filled(in: $0, with: "new") } == new)
        #expect(
            MarkedSection.headline.filled(in: page, with: "one")?
                .hasSuffix("b <!-- figure -->\n\none\n\n<!-- /figure -->\n") == true)
    }

    @Test(arguments: [
        "", "<!-- figures -->", "<!-- /figures --><!-- figures -->",
        "<!-- figures --><!-- figures --><!-- /figures -->",
    ]) func aPageWithoutItsMarkersIsLeft(_ page: String) {
        #expect(MarkedSection.figures.filled(in: page, with: "new") == nil)
        #expect(MarkedSection.headline.filled(in: page, with: "new") == nil)
    }
}
