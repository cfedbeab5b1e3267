/// The pictures of several scenarios or several subjects.
struct PlotSection {
    let context: PageContext

    var markup: [Markup] {
        let figures =
            SweepFigures(context: context).figures + BarFigures(context: context).figures
        guard !figures.isEmpty else { return [] }
        return [
            Markup("h2", text: "Plots"),
            Markup(
                "p", ["class": "soft"],
                text: "Points and bars are medians over rounds; whiskers cover the range of "
                    + "the rounds. Lower is better for all bars. Each plot's values stand below it."
            ),
            Markup("div", ["class": "plots"], figures),
        ]
    }
}
