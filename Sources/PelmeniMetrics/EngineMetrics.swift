public import CoreMetrics
public import Pelmeni
internal import Synchronization

/// Publishes an engine's ``Pelmeni/Statistics`` through swift-metrics.
///
/// ```swift
/// let metrics = EngineMetrics(engine)
/// try await metrics.publish(every: .seconds(10)) { try await engine.run() }
/// ```
///
/// Counters grow by exactly the difference to the count published before, and gauges are set. The
/// engine's workers take no part: a publication reads their counters. ``MetricName`` has the names,
/// units and labels.
public final class EngineMetrics: Sendable {
    /// A counter, and how much of its count is published.
    private struct Published {
        let counter: Counter
        var count: UInt64 = 0
    }

    private struct Handles {
        var counters: [MetricSample.Key: Published] = [:]
        var gauges: [MetricSample.Key: Gauge] = [:]
    }

    private let engine: Engine
    private let dimensions: [(String, String)]
    private let factory: any MetricsFactory
    private let handles = Mutex(Handles())

    /// Metrics of one engine. Nothing is published before ``publish()``.
    ///
    /// - Parameters:
    ///   - engine: it may be started before or after.
    ///   - dimensions: labels that every metric gets beside its own, as name and value: needed
    ///     where two engines publish into one factory.
    ///   - factory: nil is that of `MetricsSystem`, which has to be bootstrapped before.
    public init(
        _ engine: Engine, dimensions: [(String, String)] = [],
        factory: (any MetricsFactory)? = nil
    ) {
        self.engine = engine
        self.dimensions = dimensions
        self.factory = factory ?? MetricsSystem.factory
    }

    /// Publishes the engine's counts of now.
    ///
    /// Any thread may call it, also after the engine's end. It publishes nothing before the engine
    /// is started.
    public func publish() {
        // The counts are read under the lock: of two calls, the later has the larger ones.
        handles.withLock { handles in
            for sample in MetricSample.list(engine.statistics, engine.listeners) {
                switch sample.kind {
                case .counter: add(sample, &handles)
                case .gauge: set(sample, &handles)
                }
            }
        }
    }

    /// Publishes at an interval while a closure runs, and once more after it has returned or
    /// thrown: if the closure runs the engine, no count is left out.
    ///
    /// - Parameters:
    ///   - interval: the time from one publication to the next, 1 ms to 365 days; another is
    ///     replaced by the nearer of these.
    ///   - isolation: the caller's.
    ///   - body: it runs the engine, say.
    /// - Returns: the result of the closure.
    /// - Throws: the closure's error.
    public func publish<Result>(
        every interval: Duration = .seconds(10), isolation: isolated (any Actor)? = #isolation,
        while body: () async throws -> Result
    ) async rethrows -> Result {
        let pause = min(max(interval, .milliseconds(1)), .seconds(365 * 24 * 3_600))
        let publishing = Task.detached {
            while !Task.isCancelled {
                self.publish()
                try? await Task.sleep(for: pause)
            }
        }
        func finish() async {
            publishing.cancel()
            await publishing.value
            publish()
        }
        do {
            let result = try await body()
            await finish()
            return result
        } catch {
            await finish()
            throw error
        }
    }

    private func add(_ sample: MetricSample, _ handles: inout Handles) {
        var published =
            handles.counters[sample.key]
            ?? Published(
                counter: Counter(
                    label: sample.key.name.rawValue, dimensions: all(sample), factory: factory))
        if sample.value > published.count {
            published.counter.increment(by: sample.value - published.count)
            published.count = sample.value
        }
        handles.counters[sample.key] = published
    }

    private func set(_ sample: MetricSample, _ handles: inout Handles) {
        let gauge =
            handles.gauges[sample.key]
            ?? Gauge(
                label: sample.key.name.rawValue, dimensions: all(sample), factory: factory)
        gauge.record(sample.value)
        handles.gauges[sample.key] = gauge
    }

    private func all(_ sample: MetricSample) -> [(String, String)] {
        dimensions + sample.key.labels.map { ($0.name, $0.value) }
    }
}
