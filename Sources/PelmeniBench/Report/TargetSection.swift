/// The targets and their results.
struct TargetSection {
    let report: BenchReport

    var markup: [Markup] {
        let rows = TargetRow.rows(of: report)
        guard !rows.isEmpty else { return [] }
        var table = PageTable(
            head: ["scenario", "subject", "beside", "wanted", "measured", "", "why"])
        for row in rows {
            let kind =
                switch row.verdict {
                case .met: "better"
                case .missed: "worse"
                case .missedWithinNoise, .unknown, .notJudged: ""
                }
            let cells = [row.subject, row.baseline, row.wanted, row.measured].map {
                Markup("td", text: $0)
            }
            let verdict = Markup("td", ["class": kind], text: row.verdict.rawValue)
            let why = Markup(
                "td", ["class": "words"], text: row.isMissed ? row.target.why ?? "" : "")
            table.add([Markup("code", text: row.target.scenario)], cells + [verdict, why])
        }
        return [
            Markup("h2", text: "Targets"),
            Markup("p", text: TargetRow.sum(rows) + "."),
            table.markup,
            Markup(
                "p", ["class": "soft"],
                text:
                    "Ratios of each scenario's measure with their 95 % intervals. The median decides "
                    + "whether a target is met; a missed target within the interval is "
                    + "missed within the noise."),
        ]
    }
}
