import PelmeniLoad
import Testing

@testable import PelmeniBench

@Suite("What the kernel and programs write")
struct ParserTests {
    @Test("a process's stat, with a name made to confuse")
    func stat() {
        let text = """
            4711 (a) b (c) S 4700 4711 4711 0 -1 4194560 1203 0 7 0 215 1042 3 4 20 0 3 0 99 1 2
            """
        let stat = ProcessStat(parsing: text)
        #expect(stat?.parent == 4700)
        #expect(stat?.userTicks == 215 && stat?.systemTicks == 1042)
        #expect(ProcessStat(parsing: "4711 (a) S 1") == nil)
        #expect(ProcessStat(parsing: "") == nil)
    }

    @Test("a thread's schedstat")
    func schedule() {
        let schedule = ThreadSchedule(parsing: "109763 2923660 2\n")
        #expect(schedule?.running == 109_763 && schedule?.waiting == 2_923_660)
        #expect(ThreadSchedule(parsing: "") == nil)
    }

    @Test("a process's memory")
    func status() {
        let status = ProcessStatus(
            parsing: "Name:\tpelmeni\nVmPeak:\t  900 kB\nVmHWM:\t  300 kB\nVmRSS:\t  200 kB\n")
        #expect(status.residentBytes == 200 << 10)
        #expect(status.residentPeakBytes == 300 << 10)
        #expect(ProcessStatus(parsing: "Name:\tkthreadd\n").residentBytes == 0)
    }

    @Test("a core's times, interrupts with the others or apart")
    func core() {
        let text = """
            cpu  900 0 900 900 0 0 0 0 0 0
            cpu0 100 20 30 900 50 5 15 10 0 0
            cpu1 1 1 1 1 1 1 1 1 0 0
            """
        func busy(_ apart: Bool) -> Double {
            CoreTimes(
                parsing: text, cores: [0], interruptsAreApart: apart, ticksPerSecond: 100
            ).busy
        }
        #expect(busy(false) == 1.8)
        #expect(busy(true) == 1.6)
    }

    @Test("listening ports")
    func ports() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000
               1: 0100007F:1F91 0100007F:9C40 01 00000000:00000000 00:00000000 00000000
            """
        #expect(ListeningPort.isOpen(8080, in: table))
        #expect(!ListeningPort.isOpen(8081, in: table))
    }

    @Test("lists of cores, and the system's name and memory")
    func machine() {
        #expect(MachineFacts.coreList("0-1,4") == [0, 1, 4])
        #expect(MachineFacts.coreList("") == [])
        #expect(MachineFacts.system("NAME=a\nPRETTY_NAME=\"Debian 13\"\n") == "Debian 13")
        #expect(MachineFacts.memory("MemTotal:       2048 kB\nMemFree: 1 kB\n") == 2 << 20)
    }

    @Test("wrk's result, and one with errors")
    func wrk() {
        let lines = ["  1234 requests in 2.00s, 1.2MB read", "Requests/sec:    617.50"]
        let output = WrkOutput(parsing: lines)
        #expect(output?.requests == 1_234 && output?.requestsPerSecond == 617.5)
        #expect(WrkOutput(parsing: lines + ["  Socket errors: connect 0, read 1"]) == nil)
        #expect(WrkOutput(parsing: []) == nil)
    }

    @Test("percentiles of buckets")
    func latency() {
        let buckets = [(10, 50), (20, 40), (30, 9), (40, 1)].map {
            LoadOutcome.LatencyBucket(nanoseconds: $0.0, count: $0.1)
        }
        let figures = LatencyFigures(buckets: buckets, max: 38)
        #expect(figures.p50 == 10 && figures.p90 == 20 && figures.p99 == 30)
        #expect(figures.p999 == 38 && figures.max == 38)
        #expect(figures.curve.map(\.nanoseconds) == figures.curve.map(\.nanoseconds).sorted())
        #expect(LatencyFigures(buckets: [], max: 0) == LatencyFigures())
    }
}
