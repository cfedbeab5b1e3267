/// A column of a scenario's table.
struct FigureColumn {
    let head: String
    let cell: (SubjectRow) -> String

    private init(_ head: String, _ cell: @escaping (SubjectRow) -> String) {
        self.head = head
        self.cell = cell
    }

    /// - Parameter isFull: adds columns that help to judge a run, for a page with room.
    static func columns(for view: ScenarioView, isFull: Bool = false) -> [FigureColumn] {
        var columns: [FigureColumn]
        switch view.scenario.kind {
        case .idle: columns = idle(view.scenario)
        case .download, .upload: columns = bulk
        case .exchange, .connect, .open, .stalled: columns = units("request")
        case .datagrams: columns = units("round trip") + lost
        case .trains: columns = units("datagram") + datagramsPerCPUSecond + lost.prefix(1)
        }
        if view.measure == .addedMedianLatency {
            columns.append(FigureColumn("added") { ReportText.time(nanoseconds: $0.median) })
        }
        if view.rows.contains(where: { $0.figures.latencies != nil }) { columns += latencies }
        if view.scenario.kind != .idle { columns.append(enters(view.scenario)) }
        columns.append(FigureColumn("peak memory") { ReportText.bytes($0.figures.peakBytes) })
        if isFull {
            columns.append(
                FigureColumn("core to others") { ReportText.percent($0.figures.othersShare) })
            if view.scenario.workers > 1 { columns.append(workers) }
        }
        columns.append(FigureColumn("errors") { $0.figures.errorText })
        return columns
    }

    private static func units(_ unit: String) -> [FigureColumn] {
        [
            FigureColumn("\(unit)s/s") { ReportText.whole($0.figures.requestsPerSecond) },
            FigureColumn("CPU µs/\(unit)") { micros($0.figures.cpuPerRequest) },
            FigureColumn("all three") { micros($0.figures.allCPUPerRequest) },
            FigureColumn("user/system") { split($0.figures.cpuPerRequest, $0, scale: 1e6) },
        ]
    }

    private static var datagramsPerCPUSecond: [FigureColumn] {
        [
            FigureColumn("datagrams/CPU s") { row in
                ReportText.whole(row.figures.cpuPerRequest.map { 1 / $0 })
            }
        ]
    }

    /// Of all rounds.
    private static var lost: [FigureColumn] {
        [
            FigureColumn("lost") { ReportText.whole(Double($0.figures.lost)) },
            FigureColumn("late") { ReportText.whole(Double($0.figures.late)) },
        ]
    }

    private static var bulk: [FigureColumn] {
        [
            FigureColumn("GB/s") { ReportText.number($0.figures.gigabytesPerSecond) },
            FigureColumn("CPU s/GB") { ReportText.number($0.figures.cpuPerGigabyte) },
            FigureColumn("all three") { ReportText.number($0.figures.allCPUPerGigabyte) },
            FigureColumn("user/system") { split($0.figures.cpuPerGigabyte, $0, scale: 1) },
        ]
    }

    private static func idle(_ scenario: Scenario) -> [FigureColumn] {
        [
            FigureColumn(scenario.isOfHTTP ? "resident/client" : "resident/pair") {
                ReportText.bytes($0.subject.kind == .direct ? nil : $0.figures.residentPerPair)
            },
            FigureColumn("at start") { ReportText.bytes($0.figures.startBytes) },
        ]
    }

    private static var latencies: [FigureColumn] {
        ["p50", "p90", "p99", "p99.9", "max"].enumerated().map { index, name in
            FigureColumn(name) { ReportText.time(nanoseconds: $0.figures.latencies?[index]) }
        }
    }

    private static func enters(_ scenario: Scenario) -> FigureColumn {
        let unit =
            switch scenario.kind {
            case .download, .upload: "MB"
            case .datagrams: "round trip"
            case .trains: "datagram"
            case .exchange, .connect, .open, .idle, .stalled: "request"
            }
        return FigureColumn("enters/\(unit)") {
            ReportText.number(
                scenario.isBulk ? $0.figures.entersPerMegabyte : $0.figures.entersPerRequest)
        }
    }

    private static var workers: FigureColumn {
        FigureColumn("sessions by worker") { row in
            let sessions = row.figures.sessionsByWorker
            return sessions.isEmpty
                ? ReportText.none : sessions.map { "\($0)" }.joined(separator: " / ")
        }
    }

    private static func micros(_ seconds: Double?) -> String {
        ReportText.number(seconds.map { $0 * 1e6 })
    }

    private static func split(_ cpu: Double?, _ row: SubjectRow, scale: Double) -> String {
        guard let cpu, let share = row.figures.userShare else { return ReportText.none }
        let user = min(max(share, 0), 1) * cpu * scale
        return "\(ReportText.number(user))/\(ReportText.number(cpu * scale - user))"
    }
}
