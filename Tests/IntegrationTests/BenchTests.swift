import Foundation
import TestSupport
import Testing

extension Integration {
    /// `pelmeni bench` with processes of its own, from start to report. Its figures are not tested.
    @Suite(.timeLimit(.minutes(5))) struct BenchTests {
        /// A scenario has processes and crowds of its own, which start slowly beside other tests.
        private static let patience = Duration.seconds(120)

        private func bench(_ arguments: [String]) throws -> (
            code: Int32, output: String, errors: String
        ) {
            try Child([try Binary.required(), "bench"] + arguments).finish(within: Self.patience)
        }

        @Test func scenariosAreListed() throws {
            let (code, output, errors) = try bench(["--list"])
            #expect(code == 0)
            #expect(errors.isEmpty)
            for name in ["rr64", "connect", "download", "open", "idle4000", "stalled", "http64"] {
                #expect(output.contains("\n\(name) ") || output.hasPrefix("\(name) "))
            }
        }

        @Test func aShortRun() throws {
            let folder = try TemporaryFolder()
            let backends = CommandBackend.granted.map(\.rawValue)
            let (code, output, errors) = try bench([
                "rr8", "download", "--rounds", "1", "--seconds", "0.2", "--no-wrk",
                "--subjects", (["direct"] + backends).joined(separator: ","),
                "--json", folder.file("a.json"), "--html", folder.file("a.html"),
            ])
            #expect(code == 0, "\(output)\n\(errors)")
            let data = try Data(contentsOf: URL(fileURLWithPath: folder.file("a.json")))
            let report = try JSONDecoder().decode(Report.self, from: data)
            #expect(report.scenarios.map(\.scenario.name) == ["rr8", "download"])
            for scenario in report.scenarios {
                #expect(scenario.subjects.map(\.subject) == ["direct"] + backends)
                for sample in scenario.subjects.flatMap(\.samples) {
                    #expect(sample.exchanges > 0)
                    #expect(sample.errors.isEmpty)
                }
                for own in scenario.subjects.dropFirst() {
                    #expect(own.samples.allSatisfy { $0.cpuSeconds > 0 && $0.enters ?? 0 > 0 })
                }
            }
            let page = try String(contentsOfFile: folder.file("a.html"), encoding: .utf8)
            #expect(page.hasPrefix("<!DOCTYPE html>") && page.contains("</html>"))
        }

        /// Both backends, and the origin alone. The load finds a wrong answer, the origin a wrong
        /// request.
        @Test func theScenariosOfHTTP() throws {
            let folder = try TemporaryFolder()
            let backends = CommandBackend.granted.map(\.rawValue)
            var names = ["http64", "http512", "http-connect", "http-download", "http-upload"]
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            // Two for each of 9,900 clients.
            if limit.rlim_max >= 20_000 { names.append("http-idle") }
            let (code, output, errors) = try bench(
                names + [
                    "--rounds", "1", "--seconds", "0.2", "--no-wrk",
                    "--subjects", (["direct"] + backends).joined(separator: ","),
                    "--json", folder.file("a.json"),
                ])
            #expect(code == 0, "\(output)\n\(errors)")
            let data = try Data(contentsOf: URL(fileURLWithPath: folder.file("a.json")))
            let report = try JSONDecoder().decode(Report.self, from: data)
            #expect(report.scenarios.map(\.scenario.name) == names)
            for scenario in report.scenarios {
                let isIdle = scenario.scenario.name == "http-idle"
                #expect(
                    scenario.subjects.map(\.subject) == (isIdle ? [] : ["direct"]) + backends)
                for sample in scenario.subjects.flatMap(\.samples) {
                    #expect(sample.errors.isEmpty, "\(scenario.scenario.name): \(sample.errors)")
                    #expect(sample.exchanges > 0 || isIdle)
                }
                #expect(scenario.subjects.allSatisfy { $0.samples.count == 1 })
            }
        }

        private static func shortRun(_ arguments: [String], within folder: TemporaryFolder) throws
            -> (
                report: Report, output: String, errors: String
            )
        {
            let run = try Child(
                arguments + [
                    "--rounds", "1", "--seconds", "0.1", "--no-wrk", "--subjects", "direct",
                    "--json", folder.file("a.json"),
                ])
            let (code, output, errors) = try run.finish(within: patience)
            #expect(code == 0, "\(output)\n\(errors)")
            let data = try Data(contentsOf: URL(fileURLWithPath: folder.file("a.json")))
            return (try JSONDecoder().decode(Report.self, from: data), output, errors)
        }

        /// Whether tests may have a namespace, independent of the bench's answer.
        private static var isNetworkGranted: Bool {
            guard let unshare = try? Tool("unshare", package: "util-linux").path else {
                return false
            }
            // Root needs no user namespace.
            let means = geteuid() == 0 ? "-n" : "-rn"
            return (try? Child([unshare, means, "true"]).finish().code) == 0
        }

        @Test func aRunHasANetworkOfItsOwnWhereItIsGranted() throws {
            let folder = try TemporaryFolder()
            let (report, output, errors) = try Self.shortRun(
                [
                    try Binary.required(), "bench", "download", "rr8", "--congestion", "reno",
                ], within: folder)
            guard Self.isNetworkGranted else {
                #expect(!report.network.isOwn && report.network.reason != nil)
                #expect(errors.contains("in the machine's network: "))
                return
            }
            // Every kernel has reno.
            #expect(report.network.isOwn && report.network.congestionControl == "reno")
            #expect(report.scenarios.map(\.congestion) == ["reno", "reno"])
            #expect(output.contains("a namespace of the run's own, congestion control reno"))
            for sample in report.scenarios[0].subjects[0].samples {
                #expect(sample.loadCPUSeconds ?? 0 > 0 && sample.originCPUSeconds ?? 0 > 0)
            }
        }

        @Test(arguments: [
            ("machine", "asked for by --congestion machine"),
            ("nonesuch", "the kernel has no congestion control 'nonesuch'"),
        ]) func inTheMachinesNetworkTheReasonIsSaid(congestion: String, reason: String) throws {
            if congestion == "nonesuch", !Self.isNetworkGranted { return }
            let folder = try TemporaryFolder()
            let (report, output, errors) = try Self.shortRun(
                [
                    try Binary.required(), "bench", "rr8", "download-bbr", "--congestion",
                    congestion,
                ], within: folder)
            #expect(!report.network.isOwn && report.network.reason == reason)
            let machines = try String(
                contentsOfFile: "/proc/sys/net/ipv4/tcp_congestion_control", encoding: .utf8)
            #expect(report.network.congestionControl + "\n" == machines)
            #expect(errors.contains("pelmeni: in the machine's network: \(reason)"))
            #expect(output.contains("the machine's, congestion control"))
            #expect(output.contains(": \(reason)\n"))
            #expect(output.contains("in doubt: not run: bbr needs a network of the run's own"))
        }

        /// A kernel that grants no namespace, as in many containers.
        @Test func whatIsNotGrantedIsNoError() throws {
            guard let unshare = try? Tool("unshare", package: "util-linux").path,
                (try? Child([unshare, "-rn", "true"]).finish().code) == 0
            else { return }
            let folder = try TemporaryFolder()
            let inside = "echo 0 > /proc/sys/user/max_net_namespaces; exec \"$@\""
            let (report, _, errors) = try Self.shortRun(
                [unshare, "-r", "sh", "-c", inside, "sh", try Binary.required(), "bench", "rr8"],
                within: folder)
            #expect(!report.network.isOwn)
            #expect(report.network.reason?.hasPrefix("no network namespace is granted: ") == true)
            #expect(errors.contains("no network namespace is granted"))
        }

        @Test func unknownNamesAreRefusedBeforeAnythingIsMeasured() throws {
            for (arguments, words) in [
                (["rr65"], "no scenario 'rr65'; there are rr1"),
                (["rr8", "--subjects", "kqueue"], "no subject 'kqueue'; there are direct"),
                (["rr8", "--subjects", ","], "--subjects names nobody"),
                (["rr8", "--congestion", "cu bic"], "is no name of a congestion control"),
            ] {
                let (code, output, errors) = try bench(arguments)
                #expect(code == 2)
                #expect(output.isEmpty)
                #expect(errors.contains(words), "\(errors)")
            }
        }

        @Test func whatCannotRunIsNamedAndTheOthersRun() throws {
            let folder = try TemporaryFolder()
            // A peer that is missing, one that ends at once, and one that never listens.
            try """
            [{name: absent, title: Absent, command: [no-such-program-anywhere]},
             {name: brief, title: Brief, command: [sh, -c, "echo too brief >&2; exit 7"]},
             {name: whole, title: Whole, command: [cat], scenarios: [download]}]
            """.write(toFile: folder.file("p.yaml"), atomically: true, encoding: .utf8)
            let (code, output, errors) = try bench([
                "rr8", "stalled", "--rounds", "1", "--seconds", "0.2", "--no-wrk",
                "--peers", folder.file("p.yaml"), "--subjects", "direct,absent,brief,whole",
                "--json", folder.file("a.json"),
            ])
            #expect(code == 1, "\(errors)")
            #expect(output.contains("absent: no-such-program-anywhere is not installed"))
            #expect(output.contains("brief does not listen: exit status 1: too brief"))
            #expect(output.contains("no second pair: Brief"))
            let data = try Data(contentsOf: URL(fileURLWithPath: folder.file("a.json")))
            let report = try JSONDecoder().decode(Report.self, from: data)
            for scenario in report.scenarios {
                #expect(scenario.subjects[0].samples.allSatisfy { $0.exchanges > 0 })
                #expect(!scenario.subjects.contains { $0.subject == "whole" })
            }
        }

        @Test func whereNobodyCanRunNothingWasMeasured() throws {
            let (code, output, errors) = try bench([
                "idle1000", "--rounds", "1", "--no-wrk", "--subjects", "direct",
            ])
            #expect(code == 1)
            #expect(output.contains("not run: nobody takes part in it"))
            #expect(errors.contains("nothing was measured"))
        }

        @Test(arguments: [SIGINT, SIGTERM]) func aSignalEndsTheChildren(signal: Int32) throws {
            let folder = try TemporaryFolder()
            let run = try Child([
                try Binary.required(), "bench", "rr8", "--rounds", "1000", "--seconds", "0.1",
                "--no-wrk", "--subjects", "direct,epoll", "--json", folder.file("a.json"),
            ])
            try run.errors.waitForLine("rr8: round 3 of")
            let children = Self.descendants(of: run.pid)
            // Origins for both, and at least one proxy.
            #expect(children.count >= 3)
            run.signal(signal)
            let (code, output, errors) = try run.finish(within: Self.patience)
            #expect(code == 1, "\(errors)")
            #expect(output.contains("PARTIAL"))
            for child in children {
                #expect(!FileManager.default.fileExists(atPath: "/proc/\(child)"))
            }
            let data = try Data(contentsOf: URL(fileURLWithPath: folder.file("a.json")))
            let report = try JSONDecoder().decode(Report.self, from: data)
            #expect(report.isPartial)
            #expect(report.scenarios.first?.subjects.first?.samples.count ?? 0 >= 2)
        }

        private static func descendants(of pid: Int32) -> [Int32] {
            let threads =
                (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
            let children = threads.flatMap { thread -> [Int32] in
                let path = "/proc/\(pid)/task/\(thread)/children"
                let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
                return text.split(separator: " ").compactMap { Int32($0) }
            }
            return children + children.flatMap(descendants)
        }

        private struct Report: Decodable {
            struct Named: Decodable { var name: String }
            struct Sample: Decodable {
                var exchanges: Int
                var cpuSeconds: Double
                var loadCPUSeconds: Double?
                var originCPUSeconds: Double?
                var enters: UInt64?
                var errors: [String: Int]
            }
            struct Subject: Decodable {
                var subject: String
                var samples: [Sample]
            }
            struct Result: Decodable {
                var scenario: Named
                var congestion: String?
                var subjects: [Subject]
            }
            struct Network: Decodable {
                var isOwn: Bool
                var congestionControl: String
                var reason: String?
            }
            var network: Network
            var scenarios: [Result]
            var isPartial: Bool
        }
    }
}
