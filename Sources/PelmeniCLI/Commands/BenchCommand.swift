import ArgumentParser
import Foundation
import Glibc
import PelmeniBench

/// `pelmeni bench`: measures the cost of the proxy.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure what relaying costs: both backends side by side, and peers.",
        discussion: """
            Load, proxy and origin are processes of their own over the loopback; every answer is \
            verified. Subjects take turns within each round, and a difference is one only when a \
            bootstrap over rounds says so.

            EXAMPLES:
              pelmeni bench --quick
              pelmeni bench rr64 connect --rounds 20 --json result.json --html result.html
              pelmeni bench --peers Benchmarks/peers.yaml
              pelmeni bench hooks --rounds 12 --seconds 2
              pelmeni bench --list

            INT and TERM end the children and print what there is; a second one ends at once.

            EXIT CODES: 0 measured, 1 there were errors, it was ended early or nothing could be \
            measured, 2 bad usage.
            """)

    @Argument(
        help: ArgumentHelp("What to measure; see --list. (default: all but rr8, rr64-1k, idle1000)")
    )
    var scenario: [String] = []

    @Flag(help: "Under a minute in all: few scenarios, 3 rounds, short windows.")
    var quick = false

    @Option(help: "How often each subject is measured, 1 to 1000. (default: 10; 3 with --quick)")
    var rounds: Int?

    @Option(
        help: "How long a measurement lasts, 0.1 to 600. (default: 1; 0.5 with --quick)")
    var seconds: Double?

    @Option(help: "Everything on one core (shared), or the proxy on a core of its own (split).")
    var placement = PlacementArgument.shared

    @Option(
        help: ArgumentHelp(
            "What TCP connections use, in a network of the run's own where one is granted: cubic, bbr, "
                + "reno, as the kernel has them; or machine, for the machine's network as it is.",
            valueName: "name"))
    var congestion = BenchNetwork.usualCongestion

    @Option(help: "Threads of each proxy, 1 to 64. (default: 1)")
    var workers: Int?

    @Option(
        help: ArgumentHelp(
            "Who is measured: direct, io_uring, io_uring-6.1, epoll, and the names in --peers. "
                + "(default: all peers, and all others but io_uring-6.1 without peers)",
            valueName: "name,..."))
    var subjects: String?

    @Option(help: ArgumentHelp("Other proxies to compare with, as YAML.", valueName: "file"))
    var peers: String?

    @Option(
        help: ArgumentHelp(
            "What is to be reached, as YAML: the report says what was.", valueName: "file"))
    var targets: String?

    @Option(help: ArgumentHelp("Write the result there as JSON.", valueName: "file"))
    var json: String?

    @Option(help: ArgumentHelp("Write the result there as a page.", valueName: "file"))
    var html: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Let wrk confirm a result. (default: where wrk is, and not with --quick)")
    var wrk: Bool?

    @Flag(help: "List the scenarios, and measure nothing.")
    var list = false

    func validate() throws {
        let isName = congestion.allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-")
        }
        guard isName, (1...15).contains(congestion.count) else {
            throw ValidationError("--congestion \(congestion) is no name of a congestion control")
        }
        if let rounds, !(1...1_000).contains(rounds) {
            throw ValidationError("--rounds \(rounds) is not between 1 and 1000")
        }
        if let seconds, !(0.1...600).contains(seconds) {
            throw ValidationError("--seconds \(seconds) is not between 0.1 and 600")
        }
        if let workers, !(1...64).contains(workers) {
            throw ValidationError("--workers \(workers) is not between 1 and 64")
        }
    }

    func run() async throws {
        guard !list else {
            SignalWatch.process.letGo()
            StandardStream.output.write(Self.listText)
            return
        }
        let options = try options()
        // Before the run: an unwritable path must not fail it an hour later.
        for path in [json, html].compactMap({ $0 }) { try Self.tryWriting(path) }
        if options.crossCheck, !BenchRun.canCrossCheck {
            StandardStream.error.write(line: "pelmeni: wrk is not installed: no cross-check")
        }
        if let reason = options.network.reason {
            StandardStream.error.write(line: "pelmeni: in the machine's network: \(reason)")
        }
        let interrupt = Interrupt()
        let signals = SignalWatch.process.subscribe()
        let watcher = Task { await Self.follow(signals, interrupt) }
        defer { watcher.cancel() }
        let bar = BenchProgressBar()
        let report: BenchReport
        do {
            report = try await BenchRun(options, interrupt: interrupt) { bar.show($0) }.report()
        } catch let error as BenchError {
            bar.clear()
            throw Self.shellError(error)
        }
        bar.clear()
        StandardStream.output.write(line: TextReport(report).text)
        if let json { try Self.write(try Self.jsonText(report), to: json) }
        if let html { try Self.write(HTMLReport(report).html, to: html) }
        if report.isPartial {
            StandardStream.output.write(line: "PARTIAL: the run was ended before it was over.")
        }
        if !report.hasSamples, !report.isPartial {
            StandardStream.error.write(line: "pelmeni: nothing was measured")
        }
        if report.isPartial || report.hasErrors || !report.hasSamples { throw ExitStatus.failed }
    }

    // MARK: Options

    private func options() throws -> BenchOptions {
        do throws(BenchError) {
            let plans = try peers.map(BenchPeersFile.read) ?? []
            let names =
                subjects.map { $0.split(separator: ",").map(String.init) }
                ?? usualSubjects(hasPeers: !plans.isEmpty) + plans.map(\.description.name)
            var chosen: [SubjectPlan] = []
            for name in names where !chosen.contains(where: { $0.subject.name == name }) {
                chosen.append(
                    try SubjectPlan.named(name, peers: plans, version: Version.number))
            }
            guard !chosen.isEmpty else { throw .usage("--subjects names nobody") }
            var options = BenchOptions(
                scenarios: try scenarios(),
                subjects: chosen, program: try Self.program(), version: Version.number)
            options.rounds = rounds ?? (quick ? 3 : options.rounds)
            options.windowSeconds = seconds ?? (quick ? 0.5 : options.windowSeconds)
            options.placement = placement.value
            options.workers = workers
            options.network = BenchNetworkEntry.facts
            options.targets = try targets.map(BenchTargetsFile.read) ?? []
            options.crossCheck = wrk ?? !quick
            return options
        } catch {
            throw Self.shellError(error)
        }
    }

    private var isOfHooks: Bool { scenario == [ScenarioCatalog.hooksName] }

    private func usualSubjects(hasPeers: Bool) -> [String] {
        if isOfHooks { return SubjectPlan.withHooks }
        return hasPeers && !quick ? SubjectPlan.usualBesidePeers : SubjectPlan.usual
    }

    private func scenarios() throws(BenchError) -> [Scenario] {
        if isOfHooks { return ScenarioCatalog.ofHooks }
        guard scenario.isEmpty else { return try ScenarioCatalog.named(scenario) }
        return quick ? ScenarioCatalog.quick : ScenarioCatalog.usual
    }

    /// This very executable, whatever the working folder is, and even if its name is replaced.
    private static func program() throws(BenchError) -> String {
        guard
            let path = try? FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/self/exe")
        else { throw .failed("/proc/self/exe cannot be read: is /proc mounted?") }
        return path
    }

    static var listText: String {
        let width = ScenarioCatalog.all.map(\.name.count).max() ?? 0
        return ScenarioCatalog.all.map { scenario in
            let name = scenario.name.padding(toLength: width, withPad: " ", startingAt: 0)
            return "\(name)  \(scenario.summary)\n"
        }.joined()
            + "\nhooks stands for \(ScenarioCatalog.ofHooks.map(\.name).joined(separator: ", ")), "
            + "without hooks and with each that there is to measure.\n"
    }

    // MARK: Ends

    private static func follow(_ signals: AsyncStream<Signal>, _ interrupt: Interrupt) async {
        for await signal in signals where signal == .interrupt || signal == .terminate {
            // The children end with this process.
            if interrupt.isRequested { Glibc.exit(ExitStatus.failed.rawValue) }
            interrupt.request()
        }
    }

    private static func shellError(_ error: BenchError) -> any Error {
        if case .usage(let text) = error {
            return UsageError(text, command: "bench")
        }
        StandardStream.error.write(line: "pelmeni: \(error)")
        return ExitStatus.failed
    }

    private static func tryWriting(_ path: String) throws {
        let isThere = FileManager.default.fileExists(atPath: path)
        guard isThere || FileManager.default.createFile(atPath: path, contents: nil),
            FileManager.default.isWritableFile(atPath: path)
        else { throw UsageError("\(path) cannot be written to", command: "bench") }
    }

    private static func write(_ text: String, to path: String) throws {
        do {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            StandardStream.error.write(line: "pelmeni: \(path): \(error.localizedDescription)")
            throw ExitStatus.failed
        }
    }

    private static func jsonText(_ report: BenchReport) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
    }
}
