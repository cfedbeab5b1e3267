import Foundation
import PelmeniBench
import Testing

@testable import PelmeniCLI

@Suite struct BenchTargetTests {
    private func refusal(_ text: String) -> String {
        do throws(BenchError) {
            _ = try BenchTargetsFile.parse(text, in: "t.yaml")
            return ""
        } catch { return "\(error)" }
    }

    @Test func ourOwnFileIsRead() throws {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        let targets = try BenchTargetsFile.read(folder.path + "/Benchmarks/targets.yaml")
        #expect(
            targets.contains {
                $0.scenario == "rr64" && $0.subject == "io_uring" && $0.baseline == Target.best
                    && $0.most == 0.7
            })
        #expect(
            Set(targets.map { "\($0.scenario) \($0.subject) \($0.baseline)" }).count
                == targets.count)
    }

    @Test(arguments: [
        ("nonsense", "makes no sense"), ("- {scenario: rr64}", "makes no sense"),
        ("- {scenario: rr65, subject: epoll, baseline: best, most: 1}", "no scenario 'rr65'"),
        ("- {scenario: rr64, subject: epoll, baseline: best, most: 0}", "'most' of rr64"),
    ]) func mistakesAreNamed(_ text: String, _ words: String) {
        let refusal = refusal(text)
        #expect(refusal.contains("t.yaml") && refusal.contains(words), "\(refusal)")
    }

    @Test func aMissingFileIsNamed() {
        #expect(throws: BenchError.usage("--targets none.yaml cannot be read")) {
            _ = try BenchTargetsFile.read("none.yaml")
        }
    }
}
