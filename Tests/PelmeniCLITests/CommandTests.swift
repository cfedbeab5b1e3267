import Testing

@testable import Pelmeni
@testable import PelmeniCLI

@Suite("Commands and exit codes")
struct CommandTests {
    @Test(
        "bad usage ends with 2, and the message names what is wrong",
        arguments: [
            (["run"], "<endpoint>"),
            (["nope"], "nope"),
            (["run", "tcp://:1"], "tcp://:1"),
            (["run", "--config", "f", "tcp://:1", "tcp://h:2"], "--config"),
            (["run", "--admin", ":1", "tcp://:1", "tcp://h:2"], "--admin"),
            (["run", "--backend", "kqueue", "tcp://:1", "tcp://h:2"], "kqueue"),
            (["run", "--workers", "0", "tcp://:1", "tcp://h:2"], "--workers: 0 is not between"),
            (["run", "--workers", "two", "tcp://:1", "tcp://h:2"], "two"),
            (["run", "--drain-timeout", "5", "tcp://:1", "tcp://h:2"], "\"5\""),
            (["run", "--log-level", "loud", "tcp://:1", "tcp://h:2"], "loud"),
            (["run", "--log-format", "xml", "tcp://:1", "tcp://h:2"], "xml"),
            (["run", "--io-uring-without", "x,y", "tcp://:1", "tcp://h:2"], "no io_uring feature"),
            (["check", "--io-uring-without", "x", "tcp://:1", "tcp://h:2"], "one of none, 6.1, "),
            (["run", "--sessions", "0", "tcp://:1", "tcp://h:2"], "--sessions is 1 to"),
            (["run", "--pool", "1k", "tcp://:1", "tcp://h:2"], "--pool: each worker"),
            (["run", "--workers", "1", "tcp://:1?on=1", "tcp://h:2"], "worker 1"),
            (["check", "--workers", "1", "tcp://:1?on=1", "tcp://h:2"], "worker 1"),
            (["check", "pelmeni.yaml"], "pelmeni.yaml"),
            (["run", "tcp://:1?framing=eof", "tcp://h:2"], "framing"),
            (["check", "tcp://:1?max-frame=1k", "tcp://h:2"], "max-frame has no"),
            (["check", "tcp://:1?responses=1", "unix:///a"], "responses has no"),
            (["check", "udp://:1?framing=line", "udp://h:2"], "framing"),
            (["check", "udp://:1?framing=eof", "tcp://h:2"], "eof"),
            (["check", "tcp://:1?framing=fixed=9&max-frame=8", "udp://h:2"], "fixed=9"),
            (["demo", "--seconds", "0"], "--seconds 0"),
            (["bench", "rr65"], "rr65"),
            (["bench", "--seconds", "0"], "--seconds 0"),
            (["doctor", "--yaml"], "--yaml"),
        ])
    func usage(arguments: [String], token: String) async {
        let outcome = await PelmeniCommand.perform(arguments)
        #expect(outcome.status == .usage)
        #expect(outcome.message.contains(token), "\(outcome.message)")
    }

    @Test(
        "help is there for every command, with examples",
        arguments: [[], ["run"], ["check"], ["doctor"], ["demo"], ["bench"]])
    func help(command: [String]) async {
        let outcome = await PelmeniCommand.perform(command + ["--help"])
        #expect(outcome.status == .success)
        #expect(outcome.message.contains("EXAMPLES:"))
        #expect(outcome.message.contains((["pelmeni"] + command).joined(separator: " ")))
    }

    @Test("no line of help has to be cut at 80 columns", arguments: ["run", "check"])
    func helpColumns(command: String) async {
        let lines = await PelmeniCommand.perform([command, "--help"]).message.split(separator: "\n")
        // What is cut begins anew at the margin, as no line of an option or an example does.
        let options = lines.drop { !$0.hasPrefix("EXAMPLES:") }
            .prefix { !$0.hasPrefix("Framings:") }
        let isList = { (line: Substring) in line.hasPrefix("  ") }
        for (line, next) in zip(options, options.dropFirst()) where isList(line) && !isList(next) {
            #expect(next.first?.isUppercase == true || next.hasPrefix("("), "\(line) | \(next)")
        }
        #expect(lines.allSatisfy { $0.count <= 80 })
    }

    @Test("the version names what is compiled in")
    func version() async {
        let outcome = await PelmeniCommand.perform(["--version"])
        #expect(outcome.status == .success)
        #expect(outcome.message.hasPrefix("pelmeni \(Version.number)\n"))
        #expect(outcome.message.contains("schemes: tcp, udp, unix, unixgram, icmp, http\n"))
        #expect(outcome.message.contains("backends: io_uring, epoll\n"))
    }

    @Test("an error's kind is its exit code")
    func codes() {
        func status(_ kind: EngineError.Kind) -> Int32 {
            let error = EngineError(kind: kind, side: .engine, subject: "a", reason: "b")
            return ExitStatus(error).rawValue
        }
        #expect(status(.failed) == 1)
        #expect(status(.usage) == 2)
        #expect(status(.backendRefused) == 3)
        #expect(ExitStatus(UsageError("")).rawValue == 2)
        #expect(ExitStatus(ExitStatus.cut).rawValue == 4)
        #expect(ExitStatus(CancellationError()).rawValue == 1)
    }

    @Test("help says how datagrams are served")
    func datagramHelp() async {
        for command in ["run", "check"] {
            let message = await PelmeniCommand.perform([command, "--help"]).message
            for scheme in Scheme.served { #expect(message.contains("\(scheme.name)://")) }
            for option in PairOption.allCases {
                #expect(message.contains("\n  \(option.rawValue) "), "\(option) in \(command)")
            }
            #expect(message.contains("octet-count"))
        }
    }

    @Test("errors name options as the command line has them")
    func optionNames() async {
        let message = await PelmeniCommand.perform(["run", "--help"]).message
        for option in OptionName.allCases where option != .servers {
            let name = option.spelled(.commandLine)
            let isFlag = name.hasPrefix("--")
            #expect(isFlag ? message.contains("\(name) ") : PairOption(rawValue: name) != nil)
        }
    }

    @Test("features are taken by the names of the library")
    func features() throws {
        #expect(try FeatureList.parse([]) == [])
        #expect(try FeatureList.parse(["none"]) == [])
        #expect(
            try FeatureList.parse(["6.1", "poll-first"]) == [.receiveBounds, .noIOWait, .pollFirst])
    }

    @Test("the summary has datagrams and drops when there were any")
    func datagramSummary() {
        var statistics = Statistics()
        statistics.accepted = 2
        statistics.causes = [.noUpstream: 1]
        statistics.datagramsToUpstream = 5
        statistics.drops = [.noUpstream: 4, .tableFull: 3, .oversize: 0]
        #expect(
            RunSummary.entry(statistics).fields == [
                .init("accepted", "2"), .init("no_upstream", "1"),
                .init("bytes_to_upstream", "0"), .init("bytes_to_client", "0"),
                .init("datagrams_to_upstream", "5"), .init("datagrams_to_client", "0"),
                .init("dropped_table_full", "3"), .init("dropped_no_upstream", "4"),
            ])
    }

    @Test("the summary has every cause that occurred, and no other")
    func summary() {
        var statistics = Statistics()
        statistics.accepted = 5
        statistics.causes = [.completed: 3, .clientReset: 2, .idle: 0]
        statistics.bytesToUpstream = 7
        statistics.bytesToClient = 8
        let entry = RunSummary.entry(statistics)
        #expect(entry.level == .info)
        #expect(
            entry.fields == [
                .init("accepted", "5"), .init("completed", "3"), .init("client_reset", "2"),
                .init("bytes_to_upstream", "7"), .init("bytes_to_client", "8"),
            ])
    }
}
