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

    @Test func theTableReplacesWhatStandsBetweenTheMarkers() {
        let readme = "a\n<!-- figures -->\nold\n<!-- /figures -->\nb\n"
        let new = MarkdownTable.replace(in: readme, with: "new")
        #expect(new == "a\n<!-- figures -->\n\nnew\n\n<!-- /figures -->\nb\n")
        #expect(new.flatMap { MarkdownTable.replace(in: $0, with: "new") } == new)
    }

    @Test(arguments: [
        "", "<!-- figures -->", "<!-- /figures --><!-- figures -->",
        "<!-- figures --><!-- figures --><!-- /figures -->",
    ]) func aReadmeWithoutItsMarkersIsLeft(_ readme: String) {
        #expect(MarkdownTable.replace(in: readme, with: "new") == nil)
    }
}
