/// The one figure of a README: Pelmeni's cost beside other proxies.
package struct HeadlineFigure {
    package static let scenario = "rr64"
    private static let subject = "io_uring"
    private static let shown = [subject, "epoll"]
    private static let columns = 118

    private let report: BenchReport
    private let view: ScenarioView
    private let comparison: Comparison
    private let peer: String

    /// Nil when the report does not compare the subject with a peer there.
    package init?(_ report: BenchReport) {
        guard
            let result = report.scenarios.first(where: { $0.scenario.name == Self.scenario })
        else { return nil }
        let view = ScenarioView(result, subjects: report.subjects)
        guard let comparison = view.againstPeer(Self.subject), comparison.verdict != .unknown,
            let peer = view.row(comparison.baseline)
        else { return nil }
        self.report = report
        self.view = view
        self.comparison = comparison
        self.peer = peer.subject.title
    }

    package var text: String {
        let measure = view.measure
        let claim =
            comparison.verdict == .noDifference
            ? "**No difference to \(peer) in \(measure.title)**"
            : "**\(ReportText.ratio(comparison)) of \(peer)'s \(measure.title)**"
        let costs = view.rows.filter {
            Self.shown.contains($0.subject.name) || $0.subject.kind == .peer
        }.compactMap { row in
            row.median.map { "\(row.subject.title) \(measure.text($0))" }
        }
        let all = MarkdownText.clean(
            "\(claim); \(peer) is the best peer. "
                + "\(view.scenario.summary): \(costs.joined(separator: ", ")).")
        return MarkdownText.wrapped(
            "\(all) \(MarkdownText.measured(report))", columns: Self.columns
        ).joined(separator: "\n")
    }
}
