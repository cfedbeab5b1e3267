/// A scenario's results, with the derived values of all forms of the report.
struct ScenarioView {
    let result: ScenarioResult
    /// In the order of the report's subjects; a refused subject has a row too.
    let rows: [SubjectRow]
    /// The peer with the lowest median.
    let bestPeer: String?
    /// The proxy with the lowest median.
    let best: String?

    /// Subjects with a column of their own where scenarios are rows.
    static func columns(of subjects: [Subject]) -> [Subject] {
        let names = Set(subjects.map(\.name))
        return subjects.filter { subject in
            let ending = ScenarioSummary.twoWorkers
            return !subject.name.hasSuffix(ending)
                || !names.contains(String(subject.name.dropLast(ending.count)))
        }
    }

    var scenario: Scenario { result.scenario }
    var measure: Scenario.Measure { result.scenario.measure }

    init(_ result: ScenarioResult, subjects: [Subject]) {
        self.result = result
        var rows: [SubjectRow] = []
        for subject in subjects {
            if let own = result.subjects.first(where: { $0.subject == subject.name }) {
                rows.append(SubjectRow(subject: subject, result: own, scenario: result.scenario))
            } else if subject.refusal != nil {
                rows.append(
                    SubjectRow(
                        subject: subject, result: SubjectResult(subject: subject.name),
                        scenario: result.scenario))
            }
        }
        let names = Set(subjects.map(\.name))
        for other in result.subjects where !names.contains(other.subject) {
            let subject = Subject(name: other.subject, title: other.subject, kind: .pelmeni)
            rows.append(SubjectRow(subject: subject, result: other, scenario: result.scenario))
        }
        self.rows = rows
        func lowest(_ isWanted: (SubjectRow) -> Bool) -> String? {
            rows.filter(isWanted).compactMap { row in row.median.map { (row.subject.name, $0) } }
                .min { $0.1 < $1.1 }?.0
        }
        bestPeer = result.bestPeer
        best = lowest { $0.subject.kind == .pelmeni || $0.subject.kind == .peer }
    }

    /// The same subject with two workers, for a table without a column for it.
    func twoWorkers(_ name: String) -> String? {
        row(name + ScenarioSummary.twoWorkers)?.median.map {
            "2 workers: \(measure.text($0))"
        }
    }

    /// The figures beside a stream's cost: bytes a second, and the processor time of all three.
    func throughput(_ row: SubjectRow) -> String? {
        guard scenario.isBulk, let rate = row.figures.gigabytesPerSecond else { return nil }
        let all = row.figures.allCPUPerGigabyte.map { ", all three \(measure.text($0))" }
        return "\(ReportText.number(rate)) GB/s\(all ?? "")"
    }

    func row(_ name: String) -> SubjectRow? { rows.first { $0.subject.name == name } }

    /// The comparison of a subject with the best peer.
    func againstPeer(_ name: String) -> Comparison? {
        result.comparisons.first { $0.subject == name && $0.baseline == bestPeer }
    }

    /// A subject's first comparison: with the best peer, or with epoll without peers.
    func headline(_ name: String) -> Comparison? {
        againstPeer(name)
            ?? (bestPeer == nil
                ? result.comparisons.first { $0.subject == name && $0.baseline == "epoll" } : nil)
    }

    /// `io_uring against haproxy (best peer): 0.69 (0.67 to 0.71)`.
    func words(_ comparison: Comparison, name: (String) -> String) -> String {
        let peer = comparison.baseline == bestPeer ? " (best peer)" : ""
        let pair = "\(name(comparison.subject)) against \(name(comparison.baseline))\(peer)"
        let ratio = ReportText.ratio(comparison)
        switch comparison.verdict {
        case .better: return "\(pair): \(ratio), better"
        case .worse: return "\(pair): \(ratio), worse"
        case .noDifference: return "\(pair): \(ratio), no difference"
        case .unknown: return "\(pair): cannot be told from what was completed"
        }
    }

    /// The absent subjects and their reasons; nil when none is absent.
    var absence: String? {
        guard let absent = result.absent, !absent.isEmpty else { return nil }
        let lack =
            switch scenario.traffic {
            case .stalls: "no second pair"
            case .http, .httpBulk: "no HTTP"
            case .streams, .bulk, .datagrams: "no UDP"
            }
        return "\(lack): \(absent.joined(separator: ", "))"
    }

    /// The shape of one request, or one stream.
    var detail: String {
        let it = scenario
        let one = it.traffic == .datagrams ? "client" : "connection"
        var parts = [
            it.connections == 1
                ? "1 \(one)" : "\(ReportText.whole(Double(it.connections))) \(one)s"
        ]
        switch it.kind {
        case .exchange, .connect, .open, .stalled:
            let what = it.isOfHTTP ? "bodies of " : ""
            parts.append("\(what)\(it.requestBytes) B up, \(it.answerBytes) B down")
            if it.pipeline > 1 { parts.append("\(it.pipeline) under way on each") }
            if it.thinkMicroseconds > 0 {
                let pause = ReportText.time(nanoseconds: Double(it.thinkMicroseconds) * 1e3)
                parts.append("each pauses \(pause) after an answer")
            }
        case .datagrams: parts.append("\(it.requestBytes) B each way, 1 under way for each")
        case .trains:
            let train = it.trainDatagrams ?? 1
            let bytes = ReportText.whole(Double(it.requestBytes))
            parts.append("trains of \(train) datagrams of \(bytes) B")
            parts.append("\(it.trainsInFlight ?? 1) under way for each")
        case .download, .upload, .idle: break
        }
        if it.requestsPerSecond > 0 {
            parts.append("\(ReportText.whole(Double(it.requestsPerSecond))) requests/s offered")
        }
        if let congestion = it.congestion { parts.append("congestion control \(congestion)") }
        if it.bystanders > 0 { parts.append("\(it.bystanders) beside those that stall") }
        let isDouble = rows.contains { $0.subject.name.hasSuffix(ScenarioSummary.twoWorkers) }
        let workers = it.workers == 1 ? "one worker" : "\(it.workers) workers"
        parts.append(isDouble ? "one worker and two" : workers)
        return parts.joined(separator: ", ")
    }
}
