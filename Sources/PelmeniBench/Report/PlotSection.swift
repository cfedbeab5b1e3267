/// The pictures that hold several scenarios or several subjects.
struct PlotSection {
    let context: PageContext

    var markup: [Markup] {
        let bars = BarFigures(context: context)
        let figures =
            SweepFigures(context: context).figures + bars.figures(of: .cpuPerRequest)
            + bars.figures(of: .cpuPerTrip) + bars.figures(of: .cpuPerDatagram)
            + bars.figures(of: .residentPerPair)
        guard !figures.isEmpty else { return [] }
        return [
            Markup("h2", text: "Plots"),
            Markup(
                "p", ["class": "soft"],
                text: "Points and bars are medians over rounds; whiskers reach from the least to "
                    + "the most of the rounds. Each plot's values stand below it."),
            Markup("div", ["class": "plots"], figures),
        ]
    }
}
