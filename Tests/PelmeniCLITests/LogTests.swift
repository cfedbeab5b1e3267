import Foundation
import Pelmeni
import Synchronization
import TestSupport
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

    /// Scalars at which some reader ends a line, a word or a field, or turns the text around.
    private static let odd: [Unicode.Scalar] = [
        "\n", "\r", "\t", "\u{0}", "\u{1b}", "\u{7f}", "\u{85}", "\u{9b}", "\u{a0}", "\u{2028}",
        "\u{2029}", "\u{202e}", "\u{feff}", "\u{e0001}", " ", "=", "\"", "\\", "{", "a", "é", "🥟",
    ]

    /// The fields of a text line, as a reader that knows JSON's strings finds them.
    private func fields(_ line: String) throws -> [String: String] {
        var fields: [String: String] = [:]
        var rest = line[...]
        while let sign = rest.firstIndex(of: "=") {
            let key = rest[..<sign].split(separator: " ").last.map(String.init) ?? ""
            rest = rest[sign...].dropFirst()
            guard rest.first == "\"" else {
                let end = rest.firstIndex(of: " ") ?? rest.endIndex
                fields[key] = String(rest[..<end])
                rest = rest[end...]
                continue
            }
            var end = rest.index(after: rest.startIndex)
            while rest[end] != "\"" { end = rest.index(end, offsetBy: rest[end] == "\\" ? 2 : 1) }
            let word = rest[...end]
            fields[key] = try JSONDecoder().decode(String.self, from: Data(String(word).utf8))
            rest = rest[rest.index(after: end)...]
        }
        return fields
    }

    @Test("no value adds a line or a field", arguments: [LogFormat.text, .json])
    func forged(format: LogFormat) throws {
        var random = TestGenerator()
        for _ in 0..<2_000 {
            var value = ""
            for _ in 0..<Int.random(in: 0..<12, using: &random) {
                if let scalar = Self.odd.randomElement(using: &random) {
                    value.unicodeScalars.append(scalar)
                }
            }
            let entry = LogEntry(.error, "it happened", [.init("a", value), .init("b", "c")])
            let line = try #require(lines(format, [entry]).first)
            let note = Comment(rawValue: "\(line), seed \(Pattern.processSeed)")
            #expect(OneLine.isPlain(line), note)
            let found =
                format == .text
                ? try fields(line)
                : try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
            // A scalar that joins with its neighbour makes no other text.
            #expect(
                found["a"].map { Array($0.unicodeScalars) } == Array(value.unicodeScalars), note)
            #expect(found["b"] == "c", note)
            #expect(found.count == (format == .text ? 2 : 5), note)
        }
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
