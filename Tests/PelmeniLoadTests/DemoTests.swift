import CPelmeni
import Pelmeni
import TestSupport
import Testing

@testable import PelmeniLoad

@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct DemoTests {
    @Test func aDemoOnEpollEndsWithoutErrors() async {
        let report = await Demo(backends: [.epoll], seconds: 1).run { _ in }
        #expect(report.errors == 0, "\n\(report.table)")
        #expect(report.rows.count == DemoScenario.all.count)
        for row in report.rows {
            #expect(row.problem == nil)
            #expect(row.backend == "epoll")
            #expect(row.exchanges > 0)
            #expect(row.latency.p50 > 0)
            #expect(row.latency.max >= row.latency.p99)
            #expect(row.cpuNanosecondsPerExchange > 0)
            #expect(report.table.contains(row.scenario))
        }
    }

    /// In a process of its own: other tests open descriptors and threads meanwhile.
    @Test func aDemoLeavesNothingBehind() async {
        await #expect(processExitsWith: .success) {
            func run() async -> (errors: Int, descriptors: Int32, threads: Int) {
                let report = await Demo(backends: [.epoll], seconds: 1).run { _ in }
                return (report.errors, pelmeni_descriptors_open(), Threads.named("load", "origin"))
            }
            // The first run also starts the permanent parts of the runtime.
            let first = await run()
            let second = await run()
            precondition(first.errors == 0, "first run: \(first.errors) errors")
            precondition(second.errors == 0, "second run: \(second.errors) errors")
            // A thread frees its last resources after it has reported its end.
            let deadline = ContinuousClock.now + .seconds(10)
            var descriptors = second.descriptors
            var threads = second.threads
            while threads > 0 || descriptors > first.descriptors, ContinuousClock.now < deadline {
                await Task.yield()
                descriptors = pelmeni_descriptors_open()
                threads = Threads.named("load", "origin")
            }
            precondition(descriptors <= first.descriptors, "\(descriptors) descriptors")
            precondition(threads == 0, "\(threads) threads")
        }
    }

    @Test func aRefusedBackendIsNamedAndNoError() {
        var refused = DemoRow(backend: "io_uring", scenario: DemoScenario.all[0])
        refused.problem = "refused: EPERM"
        var bad = DemoRow(backend: "epoll", scenario: DemoScenario.all[1])
        bad.errors = 3
        bad.errorText = "3 reset"
        let report = DemoReport(rows: [refused, bad], note: "A note.")
        #expect(report.errors == 3)
        let lines = report.table.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.contains("io_uring  refused: EPERM"))
        #expect(lines.contains("epoll, \(bad.scenario): 3 reset"))
        #expect(lines.last == "A note.")
    }

    @Test func columnsStandUnderOneAnother() {
        var table = TextTable(head: ["name", "count"], left: [0])
        table.add(["a", "1"])
        table.add(["longer", "1,000"])
        table.add(["b"], rest: "nothing to count")
        #expect(
            table.text == """
                name    count
                -------------
                a           1
                longer  1,000
                b       nothing to count
                """)
    }

    @Test func numbersReadWell() {
        #expect(Figures.short(8.123) == "8.12")
        #expect(Figures.short(9.999) == "10.0")
        #expect(Figures.short(0.004) == "0.00")
        #expect(Figures.short(99.96) == "100")
        #expect(Figures.short(8123.4) == "8,123")
        #expect(Figures.short(.nan) == "-")
        #expect(Figures.grouped(1_234_567) == "1,234,567")
        #expect(Figures.grouped(-999) == "-999")
        #expect(Figures.time(nanoseconds: 999_400) == "999 µs")
        #expect(Figures.time(nanoseconds: 999_600) == "1.00 ms")
        #expect(Figures.time(nanoseconds: 2e9) == "2.00 s")
        #expect(Figures.rate(bytesPerSecond: 2.345e9) == "2.35 GB/s")
    }
}
