/// Counts samples, and estimates the remaining time from their durations.
struct ProgressClock {
    private static let samplesToJudge = 3
    private let rounds: Int
    private let total: Int
    private let began = ChildProcess.now()
    private var taken = 0

    init(_ options: BenchOptions) {
        rounds = options.rounds
        let plans = options.subjects.filter { $0.subject.refusal == nil }
        total = options.scenarios.reduce(0) {
            $0 + BenchRun.plans(plans, for: $1).count * options.rounds
        }
    }

    /// - Parameter round: 0 for an uncounted sample.
    mutating func next(_ scenario: String, _ subject: String, _ round: Int) -> BenchProgress {
        let done = total == 0 ? 1 : min(1, Double(taken) / Double(total))
        let spent = ChildProcess.now() - began
        let left = taken < Self.samplesToJudge ? nil : spent / done * (1 - done)
        if round > 0 { taken += 1 }
        return BenchProgress(
            scenario: scenario, subject: subject, round: round, rounds: rounds, done: done,
            secondsLeft: left)
    }
}
