/// The number of each ``Fault``.
struct FaultCounts: Equatable, Sendable {
    private var counts: [Fault: Int] = [:]

    var total: Int { counts.values.reduce(0, +) }

    subscript(fault: Fault) -> Int { counts[fault, default: 0] }

    mutating func add(_ fault: Fault, _ count: Int = 1) {
        guard count > 0 else { return }
        counts[fault, default: 0] += count
    }

    mutating func add(_ other: FaultCounts) {
        counts.merge(other.counts, uniquingKeysWith: +)
    }

    /// By the faults' texts.
    var byText: [String: Int] {
        Dictionary(counts.map { ($0.key.text, $0.value) }, uniquingKeysWith: +)
    }

    /// `3 with a wrong byte, 1 reset`; empty without a fault.
    var text: String {
        Fault.allCases.filter { self[$0] > 0 }.map { "\(self[$0]) \($0.text)" }
            .joined(separator: ", ")
    }
}
