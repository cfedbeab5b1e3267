import Testing

@testable import PelmeniBench

@Suite struct ReportTextTests {
    private let text = TextReport(ReportSamples.full).text

    @Test func comparisonsAreWords() {
        #expect(
            text.contains("io_uring against haproxy (best peer): 0.69 (0.67 to 0.71), better"))
        #expect(
            text.contains("epoll against haproxy (best peer): 1.01 (0.98 to 1.03), no difference"))
        #expect(text.contains("io_uring against epoll: 0.68 (0.66 to 0.70), better"))
        #expect(text.contains("epoll against haproxy (best peer): cannot be told"))
    }

    @Test func whatWentWrongIsNamed() {
        #expect(text.contains("3 reset, 1 timed out"))
        #expect(text.contains("in doubt: 17 % of the core went to <others>"))
        #expect(text.contains("not measured: nginx is not installed"))
        #expect(text.contains("only 3 rounds: haproxy ended"))
    }

    @Test func theMachineIsNamed() {
        #expect(text.contains("AMD EPYC & Co, 2 logical cores"))
        #expect(text.contains("2 in force: mds, retbleed"))
        #expect(text.contains("shared: load, proxy and origin share core 1"))
        #expect(text.contains("3, interleaved, each a window of 2.00 s after 0.500 s of warm-up"))
    }

    @Test(arguments: [
        ("0-1, 2-3", "threads of one core: 0-1, 2-3"),
        ("0,2, 1,3", "threads of one core: 0,2, 1,3"),
        ("0, 1", "none of them sharing a core"),
    ]) func coresThatShareAreNamed(_ sharing: String, _ words: String) {
        var report = ReportSamples.empty
        report.machine.coreSharing = sharing
        #expect(TextReport(report).text.contains("2 logical cores, \(words)"))
    }

    @Test func placesOfTheirOwnAreNamed() {
        var report = ReportSamples.empty
        report.placement = .split
        report.machine.proxyCores = [2, 3]
        #expect(
            TextReport(report).text.contains(
                "split: proxy on cores 2-3, load and origin share core 1"))
    }

    @Test func medianFiguresStandInTheirColumns() throws {
        let line = try #require(text.split(separator: "\n").first { $0.contains("  haproxy  ") })
        let cells = line.split(separator: " ").map(String.init)
        // The second of three rounds: 5 % above 9 µs times 1.04, a quarter of it the program's own.
        #expect(cells[2] == "9.36" && cells[3] == "-" && cells[4] == "2.25/7.11")
        #expect(cells.last == "0")
    }

    @Test func anEndNearOneKeepsAThirdDigit() {
        let near = Comparison(
            subject: "a", baseline: "b", ratio: 0.99, low: 0.981, high: 0.997, verdict: .better)
        #expect(ReportText.ratio(near) == "0.990 (0.981 to 0.997)")
    }

    @Test(arguments: [
        (0.0, "0.00"), (0.152, "0.152"), (0.0042, "0.0042"), (0.99996, "1.00"), (12.34, "12.3"),
        (.nan, "-"), (-1, "-"), (.infinity, "-"),
    ]) func numbers(_ value: Double, _ text: String) {
        #expect(ReportText.number(value) == text)
    }

    @Test(arguments: [(-0.5, "-0.5"), (-0.04, "0.0"), (12.25, "12.3"), (.nan, "0")])
    func coordinates(_ value: Double, _ text: String) {
        #expect(SVG.number(value) == text)
    }

    @Test func coresRunTogether() {
        #expect(ReportText.cores([3, 0, 1, 1]) == "0-1, 3")
        #expect(ReportText.cores([]).isEmpty)
    }
}
