/// Computes values, comparisons and doubts from a scenario's samples.
struct ScenarioSummary {
    /// With a greater part of the core for other programs, figures are in doubt.
    static let othersShareMax = 0.15
    /// A rate that varies more than this between rounds is in doubt.
    static let rateRatioMax = 2.0
    /// With a greater part of datagrams lost, the cost of the rest is in doubt.
    static let lostShareMax = 0.001
    /// The suffix of subjects with two workers.
    static let twoWorkers = "-2w"

    let scenario: Scenario
    /// In display order.
    let subjects: [Subject]
    /// Names of the peers that may be the best one.
    let counting: Set<String>

    func result(_ results: [SubjectResult]) -> ScenarioResult {
        let direct = results.first { kind($0.subject) == .direct }
        let medianByRound = (direct?.samples ?? []).reduce(into: [Int: Double]()) {
            if $1.exchanges > 0 { $0[$1.round] = Double($1.latency.p50) }
        }
        var values: [String: [Int: Double]] = [:]
        let filled = results.map { result in
            let own = self.values(result, direct: medianByRound)
            values[result.subject] = own
            var result = result
            result.values = own.keys.sorted().compactMap { own[$0] }
            result.median = result.values.median
            return result
        }
        return ScenarioResult(
            scenario: scenario, subjects: filled, comparisons: comparisons(filled, values),
            bestPeer: bestPeer(filled), doubts: doubts(filled))
    }

    private func kind(_ name: String) -> Subject.Kind? {
        subjects.first { $0.name == name }?.kind
    }

    private func prototypeOf(_ name: String) -> String? {
        subjects.first { $0.name == name }?.prototypeOf
    }

    /// A direct run has no proxy: only the load's figures count.
    private func values(_ result: SubjectResult, direct: [Int: Double]) -> [Int: Double] {
        if kind(result.subject) == .direct, scenario.measure != .tailLatency { return [:] }
        return result.samples.reduce(into: [:]) { values, sample in
            values[sample.round] = sample.value(
                scenario.measure, connections: scenario.connections, direct: direct[sample.round])
        }
    }

    // MARK: Comparisons

    private func comparisons(
        _ results: [SubjectResult], _ values: [String: [Int: Double]]
    ) -> [Comparison] {
        pairs(results).map { subject, baseline in
            Bootstrap.compare(
                subject, values[subject] ?? [:], to: baseline, values[baseline] ?? [:])
        }
    }

    private func bestPeer(_ results: [SubjectResult]) -> String? {
        results.filter { $0.median != nil && counting.contains($0.subject) }
            .min { ($0.median ?? .infinity) < ($1.median ?? .infinity) }?.subject
    }

    /// The comparisons: every backend with the best peer first, then with the others and its
    /// prototype, then the backends with one another.
    private func pairs(_ results: [SubjectResult]) -> [(String, String)] {
        let measured = results.filter { $0.median != nil }
        let own = measured.filter { kind($0.subject) == .pelmeni }.map(\.subject)
        let peers = measured.filter { kind($0.subject) == .peer }
        let best = bestPeer(results)
        let others = peers.map(\.subject).filter { $0 != best }
        var pairs: [(String, String)] = []
        for peer in (best.map { [$0] } ?? []) + others { pairs += own.map { ($0, peer) } }
        for prototype in measured where kind(prototype.subject) == .prototype {
            pairs += own.filter { $0 == prototypeOf(prototype.subject) }
                .map { ($0, prototype.subject) }
        }
        if own.contains("epoll") {
            pairs += own.filter { $0 != "epoll" && !$0.hasSuffix(Self.twoWorkers) }
                .map { ($0, "epoll") }
        }
        pairs += own.filter { own.contains($0 + Self.twoWorkers) }
            .map { ($0 + Self.twoWorkers, $0) }
        return pairs
    }

    // MARK: Doubts

    private func doubts(_ results: [SubjectResult]) -> [String] {
        var doubts: [String] = []
        let shares = results.flatMap(\.samples).compactMap(\.othersShare)
        let disturbed = shares.filter { $0 > Self.othersShareMax }
        if let highest = disturbed.max() {
            doubts.append(
                "other programs used more than \(Self.percent(Self.othersShareMax)) of the core in "
                    + "\(disturbed.count) of \(shares.count) samples, up to "
                    + "\(Self.percent(highest)): repeat the run on an idle machine")
        }
        doubts += results.compactMap(unsteady)
        doubts += results.compactMap(lossy)
        for result in results {
            let errors = result.samples.reduce(into: [String: Int]()) {
                $0.merge($1.errors, uniquingKeysWith: +)
            }
            if !errors.isEmpty {
                let list = errors.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
                doubts.append("\(result.subject) had errors: \(list.joined(separator: ", "))")
            }
            if let failure = result.failure { doubts.append("\(result.subject): \(failure)") }
        }
        return doubts
    }

    private func unsteady(_ result: SubjectResult) -> String? {
        guard scenario.kind != .idle else { return nil }
        let isStream = scenario.isBulk
        let rates = result.samples.filter { $0.seconds > 0 }.map {
            (isStream ? Double($0.bytes) / 1e6 : Double($0.exchanges)) / $0.seconds
        }
        guard let low = rates.min(), let high = rates.max(), high > low * Self.rateRatioMax else {
            return nil
        }
        let unit =
            switch scenario.kind {
            case .download, .upload: "MB"
            case .datagrams: "round trips"
            case .trains: "datagrams"
            case .exchange, .connect, .open, .idle, .stalled: "requests"
            }
        return "\(result.subject) went between \(Int(low)) and \(Int(high)) \(unit) a second"
    }

    private func lossy(_ result: SubjectResult) -> String? {
        let lost = result.samples.reduce(0) { $0 + ($1.lost ?? 0) }
        let came = result.samples.reduce(0) { $0 + $1.exchanges }
        guard Double(lost) > Double(lost + came) * Self.lostShareMax else { return nil }
        return "\(result.subject) lost \(lost) datagrams beside \(came) that came"
    }

    private static func percent(_ share: Double) -> String {
        "\(Int((share * 100).rounded())) %"
    }
}
