/// The machine and its use.
struct MachineSection {
    let report: BenchReport

    var markup: [Markup] {
        let facts = MachineLines(report).lines.flatMap { name, text in
            [Markup("dt", text: name), Markup("dd", text: text)]
        }
        var markup = [Markup("h2", text: "The machine"), Markup("dl", [:], facts)]
        let mitigations = report.machine.mitigations.sorted { $0.key < $1.key }
        if !mitigations.isEmpty {
            var table = PageTable(head: ["vulnerability", "mitigation"])
            for (name, state) in mitigations {
                table.add([.text(name)], [Markup("td", ["class": "wide"], text: state)])
            }
            markup.append(
                Markup(
                    "details", [:], [Markup("summary", text: "the mitigations"), table.markup]))
        }
        return markup
    }
}
