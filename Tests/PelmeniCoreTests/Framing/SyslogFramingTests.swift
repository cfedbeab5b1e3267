import PelmeniTesting
import Testing

@testable import PelmeniCore

/// Syslog's two forms of a message (RFC 6587), told apart by its first byte.
@Suite struct SyslogFramingTests {
    private typealias Verdict = FrameReader.Verdict

    private func read(_ stream: [UInt8], cuts: [Int] = [], maxFrame: Int = 1 << 20) -> Verdict {
        var reader = FrameReader(.syslog, maxFrame)
        var from = 0
        for cut in cuts + [stream.count] {
            reader.read(stream[from..<cut], margin: 0x0a)
            from = cut
        }
        reader.end()
        if let fault = reader.fault { Issue.record("\(stream.prefix(40)) \(cuts) \(fault)") }
        return reader.verdict
    }

    private func messages(_ text: String) -> [String] {
        read(Array(text.utf8)).messages.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Every set of cuts of a stream of `count` bytes.
    private func everyCut(_ count: Int) -> [[Int]] {
        guard count > 1 else { return [[]] }
        return (0..<1 << (count - 1)).map { mask in
            (1..<count).filter { mask >> ($0 - 1) & 1 == 1 }
        }
    }

    @Test func bothFormsInOneStream() {
        #expect(
            messages("9 <13>1 one<13>1 two\n9 <13>1 tri<13>1 four\r\n")
                == ["<13>1 one", "<13>1 two", "<13>1 tri", "<13>1 four"])
        // The stream's end is the last line's.
        #expect(messages("<13>1 one\n<13>1 two") == ["<13>1 one", "<13>1 two"])
        // A counted message has any bytes; a line feed behind it is none of it.
        #expect(messages("5 <1>\n\n\n\r\n4 <1>x\n<1>y\n") == ["<1>\n\n", "<1>x", "<1>y"])
        // A message without a priority, and the second line of one.
        #expect(messages("no priority\n\tat main\nб\n") == ["no priority", "\tat main", "б"])
    }

    @Test(arguments: [
        ("0 ", FrameError.neitherLengthNorText), ("01 x", .neitherLengthNorText),
        ("1 a0", .neitherLengthNorText), ("\u{0}", .neitherLengthNorText),
        ("\u{16}\u{3}\u{1}", .neitherLengthNorText), ("\n0", .neitherLengthNorText),
        ("99999999999 ", .notALength), ("5x", .notALength), ("5\n", .notALength),
    ])
    func whatBeginsNoMessage(text: String, error: FrameError) {
        let stream = Array(text.utf8)
        for cuts in everyCut(stream.count) {
            #expect(read(stream, cuts: cuts).error == error, "\(cuts)")
        }
    }

    /// A plain reading, with all bytes at hand.
    private func byTheBook(_ stream: [UInt8], _ maxFrame: Int) -> Verdict {
        var verdict = Verdict()
        var rest = stream[...]
        while true {
            rest = rest.drop { $0 == 0x0a || $0 == 0x0d }
            guard let first = rest.first else { return verdict }
            if (0x31...0x39).contains(first) {
                let digits = rest.prefix { (0x30...0x39).contains($0) }
                rest = rest.dropFirst(digits.count)
                let length = Int(String(decoding: digits, as: UTF8.self)) ?? 0
                if let next = rest.first, next != 0x20 { verdict.error = .notALength }
                if verdict.error == nil, !rest.isEmpty, length > maxFrame {
                    verdict.error = .tooLong
                }
                if verdict.error == nil, rest.count <= length { verdict.error = .cutShort }
                guard verdict.error == nil else { return verdict }
                verdict.messages.append(Array(rest.dropFirst().prefix(length)))
                rest = rest.dropFirst(1 + length)
            } else if first == 0x30 || first < 0x20 && first != 0x09 {
                verdict.error = .neitherLengthNorText
                return verdict
            } else {
                var line = rest.prefix { $0 != 0x0a }
                rest = rest.dropFirst(line.count)
                if !rest.isEmpty, line.last == 0x0d { line = line.dropLast() }
                guard line.count <= maxFrame else {
                    verdict.error = .tooLong
                    return verdict
                }
                verdict.messages.append(Array(line))
            }
        }
    }

    /// Every short stream of significant bytes, cut in every way.
    @Test(arguments: [1, 2, 100]) func byTheBook(maxFrame: Int) {
        var last: [[UInt8]] = [[]]
        var wrong: [String] = []
        for _ in 0..<5 {
            last = last.flatMap { string in Array("12 <\n\r".utf8).map { string + [$0] } }
            for stream in last {
                let wanted = byTheBook(stream, maxFrame)
                for cuts in everyCut(stream.count)
                where read(stream, cuts: cuts, maxFrame: maxFrame) != wanted {
                    wrong.append("\(stream) \(cuts), wanted \(wanted)")
                }
            }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
    }

    /// Longer streams of both forms, with wrong bytes and without, cut anywhere.
    @Test(arguments: [UInt64(1), 2, 3, 4]) func randomCuts(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var failed = 0
        for round in 0..<400 {
            var stream: [UInt8] = []
            for _ in 0..<random.below(8) {
                let body = (0..<random.below(40)).map { _ in UInt8(random.below(256)) }
                if random.below(2) == 0 {
                    stream += Array("\(body.count + 4) <13>".utf8) + body
                } else {
                    stream += Array("<13>".utf8) + body.filter { $0 != 0x0a && $0 != 0x0d } + [0x0a]
                }
                stream += [[], [0x0a], [0x0d, 0x0a]][random.below(3)]
            }
            if random.below(2) == 0, !stream.isEmpty {
                stream[random.below(stream.count)] = random.pick([
                    0, 0x0a, 0x0d, 0x20, 0x30, 0x39, 0x3c,
                ])
            }
            let maxFrame = random.pick([20, 44, 70_000])
            let cuts = (0..<random.below(12)).map { _ in random.below(stream.count + 1) }.sorted()
            let wanted = byTheBook(stream, maxFrame)
            #expect(read(stream, maxFrame: maxFrame) == wanted, "seed \(seed), round \(round)")
            #expect(
                read(stream, cuts: cuts, maxFrame: maxFrame) == wanted,
                "seed \(seed), round \(round)")
            if wanted.error != nil { failed += 1 }
        }
        #expect(failed > 0 && failed < 400, "seed \(seed): of one kind only")
    }
}
