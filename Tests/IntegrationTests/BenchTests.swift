import Foundation
import TestSupport
import Testing

extension Integration {
    /// `pelmeni bench` with processes of its own, from start to report. What it measures is no test's business.
    @Suite(.timeLimit(.minutes(2))) struct BenchTests {
        private func bench(_ arguments: [String]) throws -> (
            code: Int32, output: String, errors: String
        ) {
            try Child([try Binary.required(), "bench"] + arguments).finish()
        }

        @Test func scenariosAreListed() throws {
            let (code, output, errors) = try bench(["--list"])
            #expect(code == 0)
            #expect(errors.isEmpty)
            for name in ["rr64", "connect", "download", "open", "idle4000", "stalled"] {
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

        private struct Report: Decodable {
            struct Named: Decodable { var name: String }
            struct Sample: Decodable {
                var exchanges: Int
                var cpuSeconds: Double
                var enters: UInt64?
                var errors: [String: Int]
            }
            struct Subject: Decodable {
                var subject: String
                var samples: [Sample]
            }
            struct Result: Decodable {
                var scenario: Named
                var subjects: [Subject]
            }
            var scenarios: [Result]
        }
    }
}
