internal import Glibc

/// The positions of values along an axis, and its ticks.
struct AxisScale {
    struct Tick {
        let value: Double
        let label: String
    }

    private enum Form {
        case linear
        case logarithmic
        /// A percentile by the number of its nines.
        case nines

        func apply(_ value: Double) -> Double {
            switch self {
            case .linear: value
            case .logarithmic: log10(value)
            case .nines: -log10(1 - value / 100)
            }
        }
    }

    let ticks: [Tick]
    private let form: Form
    private let low: Double
    private let high: Double

    private init(_ form: Form, low: Double, high: Double, ticks: [Tick]) {
        self.form = form
        self.low = form.apply(low)
        self.high = form.apply(high)
        self.ticks = ticks.filter { $0.value >= low && $0.value <= high }
    }

    /// From 0 to 1 along the axis; nil for a value off the axis.
    func position(_ value: Double) -> Double? {
        let place = (form.apply(value) - low) / (high - low)
        return place.isFinite ? min(max(place, 0), 1) : nil
    }

    /// From 0 to a round number that is not below any value.
    static func linear(_ values: [Double], label: (Double) -> String) -> AxisScale {
        let most = values.filter { $0.isFinite && $0 > 0 && $0 < 1e15 }.max() ?? 1
        let rough = most / 4
        let power = pow(10, floor(log10(rough)))
        let step = [1, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= rough * 0.9999 } ?? rough
        let count = max(1, Int((most / step * 0.9999).rounded(.up)))
        let ticks = (0...count).map { index in
            Tick(value: Double(index) * step, label: label(Double(index) * step))
        }
        return AxisScale(.linear, low: 0, high: Double(count) * step, ticks: ticks)
    }

    /// Between two steps of 1, 2 and 5 times a power of ten.
    static func logarithmic(_ values: [Double], label: (Double) -> String) -> AxisScale {
        let known = values.filter { $0.isFinite && $0 > 0 && $0 < 1e18 }
        let least = max(known.min() ?? 1, 1e-9)
        let most = max(known.max() ?? 10, least)
        var steps: [Double] = []
        for exponent in Int(floor(log10(least)))...Int(floor(log10(most))) + 1 {
            steps += [1, 2, 5].map { $0 * pow(10, Double(exponent)) }
        }
        let low = steps.last { $0 <= least * 1.0001 } ?? least
        var high = steps.first { $0 >= most * 0.9999 } ?? most
        if high <= low { high = low * 10 }
        let isWide = high / low > 120
        let ticks = steps.enumerated().filter { index, _ in !isWide || index % 3 == 0 }.map {
            Tick(value: $0.element, label: label($0.element))
        }
        // Rounding must not lose the ticks at both ends.
        return AxisScale(.logarithmic, low: low * 0.9999, high: high * 1.0001, ticks: ticks)
    }

    /// Logarithmic, with ticks at exactly these values, and some room at both ends.
    static func logarithmic(at values: [Double], label: (Double) -> String) -> AxisScale {
        let known = Set(values.filter { $0.isFinite && $0 > 0 }).sorted()
        let (least, most) = (known.first ?? 1, known.last ?? 10)
        let room = most > least ? pow(most / least, 0.05) : 2
        return AxisScale(
            .logarithmic, low: least / room, high: most * room,
            ticks: known.map { Tick(value: $0, label: label($0)) })
    }

    /// From the median to 99.99 %, each nine as wide as the last.
    static func percentiles() -> AxisScale {
        let ticks = [(50.0, "50"), (75, "75"), (90, "90"), (99, "99"), (99.9, "99.9")]
        return AxisScale(
            .nines, low: 50, high: 99.99,
            ticks: ticks.map { Tick(value: $0.0, label: $0.1) } + [
                Tick(value: 99.99, label: "99.99")
            ])
    }

    /// As much of the axis as the values need: for small plots without ticks.
    static func around(_ values: [Double]) -> AxisScale {
        let known = values.filter(\.isFinite)
        let (least, most) = (known.min() ?? 0, known.max() ?? 1)
        let room = most > least ? (most - least) * 0.04 : max(abs(most) * 0.1, 1e-9)
        return AxisScale(.linear, low: least - room, high: most + room, ticks: [])
    }
}
