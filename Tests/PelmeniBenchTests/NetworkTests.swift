import CPelmeni
import Glibc
import PelmeniCore
import Testing

@testable import PelmeniBench

@Suite("The network of a run")
struct NetworkTests {
    private static func facts(isOwn: Bool, reason: String? = nil) -> NetworkFacts {
        var facts = NetworkFacts()
        facts.isOwn = isOwn
        facts.congestionControl = isOwn ? "cubic" : "bbr"
        facts.machinesCongestionControl = "bbr"
        facts.reason = reason
        return facts
    }

    private static func report(_ facts: NetworkFacts?) -> BenchReport {
        var report = ReportSamples.full
        report.machine.congestionControl = "bbr"
        report.network = facts
        return report
    }

    private static func scenario(_ name: String) throws -> Scenario {
        try #require(ScenarioCatalog.all.first { $0.name == name })
    }

    @Test("long streams have a form with bbr, and differ in nothing else")
    func paced() throws {
        for name in ["download", "upload"] {
            let usual = try Self.scenario(name)
            var paced = try Self.scenario(name + "-bbr")
            #expect(usual.congestion == nil && paced.congestion == "bbr")
            #expect(paced.summary == usual.summary + ", with bbr")
            paced.name = usual.name
            paced.summary = usual.summary
            paced.congestion = nil
            #expect(paced == usual)
        }
        #expect(ScenarioCatalog.usual.contains { $0.name == "upload-bbr" })
    }

    @Test("all forms say where it was and what connections used")
    func forms() {
        let own = "a namespace of the run's own, congestion control cubic, the machine's is bbr"
        for text in Self.forms(Self.facts(isOwn: true)) { #expect(text.contains(own)) }
        let machine = "the machine's, congestion control bbr: asked for"
        for text in Self.forms(Self.facts(isOwn: false, reason: "asked for")) {
            #expect(text.contains(machine))
        }
        // A result from before there was a choice.
        for text in Self.forms(nil) {
            #expect(text.contains("the machine's, congestion control bbr"))
        }
    }

    private static func forms(_ facts: NetworkFacts?) -> [String] {
        let report = report(facts)
        return [
            TextReport(report).text,
            // Wherever its lines are wrapped.
            MarkdownTable(report, note: "").text.replacing("\n", with: " "),
            HTMLReport(report).html.replacing("&#39;", with: "'"),
        ]
    }

    @Test("a setting that the namespace was not given is named")
    func differences() {
        var facts = Self.facts(isOwn: true)
        let words = BenchNetwork.difference("net/ipv4/tcp_rmem", "1\t2\t3", "4\t5\t6")
        #expect(words == "tcp_rmem is 1 2 3, the machine's 4 5 6")
        facts.differences = [words]
        #expect(TextReport(Self.report(facts)).text.contains(words))
    }

    @Test(arguments: [
        (PELMENI_NETWORK_NAMESPACE, EPERM, "no network namespace is granted: EPERM"),
        (PELMENI_NETWORK_NAMESPACE, ENOSPC, "no network namespace is granted: ENOSPC"),
        (PELMENI_NETWORK_IDENTITY, EPERM, "no identity in a user namespace"),
        (PELMENI_NETWORK_LOOPBACK, EPERM, "no loopback in a network namespace"),
        (PELMENI_NETWORK_CONGESTION, EINVAL, "the kernel has no congestion control 'vegas'"),
        (PELMENI_NETWORK_CONGESTION, EPERM, "congestion control 'vegas' is not granted: EPERM"),
        (PELMENI_NETWORK_TRIAL, EAGAIN, "a namespace could not be tried: EAGAIN"),
    ]) func refusalsHaveReasons(_ step: Int, _ code: Int32, _ words: String) {
        #expect(BenchNetwork.reason(step, "vegas", SystemError(code: code)).hasPrefix(words))
    }

    @Test("in the machine's network only what it uses is measured")
    func machine() throws {
        let facts = Self.facts(isOwn: false, reason: "not granted")
        #expect(BenchNetwork.prepare(try Self.scenario("download"), in: facts) == nil)
        let words = BenchNetwork.prepare(try Self.scenario("download-bbr"), in: facts)
        #expect(words?.contains("a network of the run's own") == true)
        #expect(words?.hasSuffix("not granted") == true)
    }

    @Test("asked for, the machine's network is left as it is")
    func asked() {
        let facts = BenchNetwork.enter(BenchNetwork.machine)
        #expect(!facts.isOwn && facts.reason == "asked for by --congestion machine")
        #expect(facts.congestionControl == facts.machinesCongestionControl)
        #expect(facts.congestionControl == BenchNetwork.used)
    }

    @Test("what one scenario used goes before what the run used, and that before the machine's")
    func used() {
        var report = Self.report(Self.facts(isOwn: true))
        var result = report.scenarios[0]
        #expect(report.congestion(of: result) == "cubic")
        result.congestion = "reno"
        #expect(report.congestion(of: result) == "reno")
        report.network = nil
        result.congestion = nil
        #expect(report.congestion(of: result) == "bbr")
    }

    @Test("a target is judged with its own congestion control only")
    func targets() {
        let target = Target(
            scenario: "rr64", subject: "io_uring", baseline: "best", most: 0.5, congestion: "cubic")
        var report = Self.report(Self.facts(isOwn: false))
        report.targets = [target]
        let row = TargetRow.rows(of: report)[0]
        #expect(row.verdict == .notJudged && !row.isMissed)
        #expect(
            row.words == "rr64, Pelmeni <io_uring> beside the best peer (HAProxy): at most 0.50"
                + " with cubic, was 0.69 (0.67 to 0.71) with bbr: not judged")
        #expect(TextReport(report).text.contains("0 of 1 targets are met, 1 not judged"))
        report.network = Self.facts(isOwn: true)
        #expect(TargetRow.rows(of: report)[0].verdict == .missed)
    }
}
