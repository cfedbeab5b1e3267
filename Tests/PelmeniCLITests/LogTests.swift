import Foundation
import Pelmeni
import Synchronization
import Testing

@testable import PelmeniCLI

@Suite("Logs")
struct LogTests {
    private final class Lines: Sendable {
        let list = Mutex<[String]>([])
    }

    private func lines(_ format: LogFormat, _ entries: [LogEntry]) -> [String] {
        let lines = Lines()
        let logger = EngineLogger(level: .info, format: format) { line in
            lines.list.withLock { $0.append(line) }
        }
        for entry in entries { logger.log(entry) }
        return lines.list.withLock { $0 }
    }

    @Test("text keeps the order of the fields, and one entry on one line")
    func text() throws {
        let found = lines(
            .text, [LogEntry(.warning, "it happened", [.init("z", "1"), .init("a", "b c\n\"d\"")])])
        let line = try #require(found.first)
        #expect(line.hasSuffix("Z warning it happened z=1 a=\"b c\\n\\\"d\\\"\""))
    }

    @Test("each JSON line is an object with the fields as they were")
    func json() throws {
        let value = "b \u{1}\t\r\n\"\\é🥟"
        let found = lines(.json, [LogEntry(.error, "it \"happened\"", [.init("a", value)])])
        let line = try #require(found.first)
        let object = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
        #expect(object["message"] == "it \"happened\"")
        #expect(object["level"] == "error")
        #expect(object["a"] == value)
        #expect(!line.contains("\n"))
    }

    @Test("what is below the level is not written")
    func level() {
        #expect(lines(.text, [LogEntry(.debug, "a"), LogEntry(.info, "b")]).count == 1)
    }

    @Test("time is RFC 3339 in UTC")
    func time() {
        #expect(LogLine.time(seconds: 0, milliseconds: 7) == "1970-01-01T00:00:00.007Z")
        #expect(
            LogLine.time(seconds: 1_709_210_096, milliseconds: 123) == "2024-02-29T12:34:56.123Z")
    }
}
