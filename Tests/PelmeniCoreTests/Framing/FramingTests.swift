import PelmeniTesting
import Testing

@testable import PelmeniCore

@Suite struct FramingTests {
    private typealias Verdict = FrameReader.Verdict

    private static let builtIn: [Framing] = [
        .u16be, .u32be, .line, .octetCount, .delimiter(0), .delimiter(0x0a), .delimiter(0xff),
        .fixed(5), .eof, .syslog,
    ]
    private static let all =
        builtIn + [
            SampleFramings.u24le, SampleFramings.varint, SampleFramings.netstring,
            SampleFramings.ended,
        ]
    /// The framings that state a length first, or have a fixed one.
    private static let counted: [Framing] = [
        .u16be, .u32be, .octetCount, .syslog, .fixed(5), SampleFramings.u24le,
        SampleFramings.varint,
        SampleFramings.netstring,
    ]

    /// Reads a stream cut before the offsets in `cuts`; a broken promise fails the test.
    private func read(
        _ framing: Framing, _ stream: [UInt8], cuts: [Int] = [], maxFrame: Int = 1 << 20
    ) -> Verdict {
        var reader = FrameReader(framing, maxFrame)
        var from = 0
        let margin: UInt8 = if case .delimiter(let byte) = framing { byte } else { 0x0a }
        for cut in cuts + [stream.count] {
            reader.read(stream[from..<cut], margin: margin)
            from = cut
        }
        reader.end()
        if let fault = reader.fault {
            Issue.record("\(framing) \(stream.prefix(40)) \(cuts) \(fault)")
        }
        return reader.verdict
    }

    private func frame(_ framing: Framing, _ payload: [UInt8]) throws -> [UInt8] {
        // The last byte is not the payload's.
        let envelope = try #require(
            (payload + [0]).withUnsafeBytes { bytes in
                bytes.baseAddress.flatMap {
                    FrameEnvelope.around(framing, $0, count: payload.count)
                }
            })
        return header(envelope) + payload + trailer(envelope)
    }

    /// The bytes that an envelope writes; more of them than it counts fail the test.
    private func header(_ envelope: FrameEnvelope) -> [UInt8] {
        written(envelope.beforeCount, envelope.writeBefore)
    }

    /// The bytes that an envelope writes behind a payload, likewise.
    private func trailer(_ envelope: FrameEnvelope) -> [UInt8] {
        written(envelope.afterCount, envelope.writeAfter)
    }

    private func written(_ count: Int, _ write: (UnsafeMutableRawPointer) -> Void) -> [UInt8] {
        var room = [UInt8](repeating: 0xa5, count: FrameEnvelope.beforeMax + 5)
        room.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { write(base) }
        }
        #expect(room[count...].allSatisfy { $0 == 0xa5 })
        return Array(room[..<count])
    }

    /// Bytes that end no message in any framing here.
    private func payload(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(0x20 + $0 % 0x5f) }
    }

    /// Ten messages, with empty ones where the framing permits them; one for `eof`.
    private func ten(_ framing: Framing) -> [[UInt8]] {
        let sizes = [3, 0, 1, 17, 0, 0, 300, 12, 2, 0]
        switch framing {
        case .eof: return [payload(77)]
        case .fixed(let size): return (0..<10).map { Array(payload(size + $0).suffix(size)) }
        case .octetCount, .syslog: return sizes.map { payload($0 + 1) }
        default: return sizes.map(payload)
        }
    }

    /// Every set of cuts of a stream of `count` bytes: 2 to the power of one less.
    private func everyCut(_ count: Int) -> [[Int]] {
        guard count > 1 else { return [[]] }
        return (0..<1 << (count - 1)).map { mask in
            (1..<count).filter { mask >> ($0 - 1) & 1 == 1 }
        }
    }

    /// Every string of these bytes, up to `length` of them.
    private func everyString(_ alphabet: [UInt8], length: Int) -> [[UInt8]] {
        var last: [[UInt8]] = [[]]
        var strings = last
        for _ in 0..<length {
            last = last.flatMap { string in alphabet.map { string + [$0] } }
            strings += last
        }
        return strings
    }

    // MARK: Names

    @Test func namesAreReadBack() {
        let named: [(String, Framing)] = [
            ("u16be", .u16be), ("u32be", .u32be), ("line", .line), ("octet-count", .octetCount),
            ("syslog", .syslog),
            ("delim=0x00", .delimiter(0)), ("delim=0x0A", .delimiter(10)),
            ("delim=0xFF", .delimiter(255)), ("fixed=1", .fixed(1)),
            ("fixed=16777216", .fixed(1 << 24)), ("raw", .raw), ("eof", .eof),
        ]
        for (name, framing) in named {
            #expect(Framing(name) == framing)
            #expect(framing.description == name)
        }
        for byte in UInt8.min...UInt8.max {
            #expect(Framing(Framing.delimiter(byte).description) == .delimiter(byte))
            #expect(Framing("delim=\(byte)") == .delimiter(byte))
        }
        #expect(Framing("delim=0xa") == .delimiter(10))
        #expect(Framing.names.count == 9)
        for name in Framing.names {
            let spelt = name.replacing("NN", with: "7f").replacing("N", with: "9")
            #expect(Framing(spelt) != nil, "\(name)")
        }
    }

    @Test(arguments: [
        "", "u16", "U16BE", " line", "line ", "line=1", "octetcount", "delim", "delim=", "delim=0x",
        "delim=256", "delim=0x100", "delim=-1", "delim=+1", "delim=0x+1", "delim=g", "delim=0xg",
        "delim==1", "delim=1=", "fixed", "fixed=", "fixed=0", "fixed=-5", "fixed=+5", "fixed=0x10",
        "fixed=16777217", "fixed=99999999999999999999", "fixed=1.5", "fixed= 5", "raw=1", "=1", "=",
    ]) func wrongNamesAreRefused(name: String) {
        #expect(Framing(name) == nil)
    }

    @Test func errorsReadDifferently() {
        #expect(Set(FrameError.allCases.map(\.description)).count == FrameError.allCases.count)
    }

    @Test func stateIsPlain() {
        #expect(_isPOD(FrameScanner.self) && _isPOD(ScanStep.self) && _isPOD(FrameEnvelope.self))
        #expect(MemoryLayout<FrameScanner>.size <= 72)
    }

    // MARK: Any cut gives the same

    @Test(arguments: all) func tenInOneWindow(framing: Framing) throws {
        let messages = ten(framing)
        let stream = try messages.flatMap { try frame(framing, $0) }
        var reader = FrameReader(framing, 300 + 1)
        reader.read(stream[...], margin: 0)
        #expect(reader.runs == messages.count, "a whole message is one run")
        reader.end()
        #expect(reader.fault == nil)
        #expect(reader.verdict == Verdict(messages: messages))
    }

    @Test(arguments: all) func everyOffsetAndSingleBytes(framing: Framing) throws {
        let wanted = Verdict(messages: ten(framing))
        let stream = try wanted.messages.flatMap { try frame(framing, $0) }
        for cut in 0...stream.count {
            #expect(read(framing, stream, cuts: [cut]) == wanted, "cut at \(cut)")
        }
        #expect(read(framing, stream, cuts: Array(1..<stream.count)) == wanted)
        // Empty windows between, too.
        #expect(read(framing, stream, cuts: (0...stream.count).flatMap { [$0, $0] }) == wanted)
    }

    /// Random bytes, valid or not, cut anywhere.
    @Test(arguments: [UInt64(1), 2, 3, 4]) func randomCuts(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for framing in Self.all {
            var failed = 0
            for round in 0..<60 {
                var stream = try ten(framing).flatMap { try frame(framing, $0) }
                for _ in 0..<random.below(3) {
                    stream[random.below(stream.count)] = random.pick([0, 10, 13, 32, 49, 255])
                }
                stream.removeLast(random.below(3))
                let cuts = (0..<random.below(20)).map { _ in random.below(stream.count + 1) }
                let maxFrame = random.pick([16, 301, 70_000])
                let whole = read(framing, stream, maxFrame: maxFrame)
                let split = read(framing, stream, cuts: cuts.sorted(), maxFrame: maxFrame)
                #expect(whole == split, "\(framing), seed \(seed), round \(round)")
                if whole.error != nil { failed += 1 }
            }
            #expect(failed > 0 && failed < 60, "\(framing), seed \(seed): of one kind only")
        }
    }

    @Test(arguments: [1, 2, 255, 256, 65_507, 65_535]) func whatIsWrittenIsRead(size: Int) throws {
        var random = SeededRandom(seed: UInt64(size))
        for framing in Self.all.filter({ $0 != .fixed(5) }) + [.fixed(size), .raw] {
            let message = payload(size)
            let stream = try frame(framing, message)
            let wanted = Verdict(messages: [message])
            #expect(read(framing, stream, maxFrame: size) == wanted, "\(framing)")
            guard framing != .raw else { continue }
            let cuts = (0..<10).map { _ in random.below(stream.count) }.sorted()
            #expect(
                read(framing, stream, cuts: cuts, maxFrame: size) == wanted, "\(framing) \(cuts)")
        }
    }

    @Test func emptyMessages() throws {
        for framing in [Framing.u16be, .u32be, .line, .delimiter(7)]
            + Self.all[Self.builtIn.count...]
        {
            let stream = try frame(framing, [])
            #expect(!stream.isEmpty)
            #expect(read(framing, stream + stream, maxFrame: 0) == Verdict(messages: [[], []]))
        }
        for framing in [Framing.raw, .eof] {
            #expect(try frame(framing, []).isEmpty)
        }
        for framing in Self.all + [.raw] {
            #expect(read(framing, []) == Verdict())
            #expect(read(framing, [], cuts: [0, 0]) == Verdict())
        }
    }

    // MARK: Heads

    @Test func headsOnTheWire() throws {
        func bytes(_ framing: Framing, _ payload: Int) -> [UInt8]? {
            FrameEnvelope.around(framing, payload: payload).map(header)
        }
        #expect(bytes(.u16be, 0x0102) == [1, 2])
        #expect(bytes(.u16be, 65_535) == [255, 255])
        #expect(bytes(.u16be, 65_536) == nil)
        #expect(bytes(.u32be, 0x0102_0304) == [1, 2, 3, 4])
        #expect(bytes(.u32be, 0xffff_ffff) == [255, 255, 255, 255])
        #expect(bytes(.u32be, 0x1_0000_0000) == nil)
        #expect(bytes(.octetCount, 9) == Array("9 ".utf8))
        #expect(bytes(.octetCount, 10) == Array("10 ".utf8))
        #expect(bytes(.octetCount, 1_234_567) == Array("1234567 ".utf8))
        #expect(bytes(.octetCount, 9_876_543_210) == Array("9876543210 ".utf8))
        #expect(bytes(.octetCount, 10_000_000_000) == nil)
        #expect(bytes(.octetCount, 0) == nil)
        #expect(bytes(.syslog, 0) == nil)
        #expect(bytes(.syslog, 10) == Array("10 ".utf8))
        #expect(bytes(.fixed(4), 4) == [])
        #expect(bytes(.fixed(4), 3) == nil && bytes(.fixed(4), 5) == nil)
        #expect(bytes(.fixed(0), 0) == nil)
        for framing in Self.all + [.raw] {
            #expect(bytes(framing, -1) == nil)
            #expect(bytes(framing, .min) == nil)
        }
    }

    @Test func anEndIsNotWrittenTwice() throws {
        for framing in Self.builtIn + [.raw] {
            let plain = try #require(FrameEnvelope.around(framing, payload: 5))
            let ended = try #require(
                FrameEnvelope.around(framing, payload: 5, endsWithDelimiter: true))
            #expect(header(plain) == header(ended))
            #expect(trailer(ended) == [])
            switch framing {
            case .line: #expect(trailer(plain) == [0x0a] && header(plain) == [])
            case .delimiter(let byte): #expect(trailer(plain) == [byte] && header(plain) == [])
            default: #expect(trailer(plain) == [])
            }
            let message = payload(5)
            #expect(try frame(framing, message) == header(plain) + message + trailer(plain))
            // A payload that already has its end: the same, from its bytes.
            guard let end = trailer(plain).first else { continue }
            #expect(try frame(framing, [0x20, end]) == [0x20, end])
        }
    }

    // MARK: Refusals

    @Test(arguments: all + [.raw]) func aByteTooMany(framing: Framing) throws {
        let stream = try frame(framing, payload(5))
        #expect(read(framing, stream, maxFrame: 5) == Verdict(messages: [payload(5)]))
        #expect(read(framing, stream, maxFrame: 4) == Verdict(error: .tooLong))
        #expect(read(framing, stream, maxFrame: -1) == Verdict(error: .tooLong))
        guard framing != .raw else { return }
        for cuts in everyCut(stream.count) {
            #expect(read(framing, stream, cuts: cuts, maxFrame: 4).error == .tooLong, "\(cuts)")
        }
        guard framing != .eof else { return }
        let after = try frame(framing, payload(5)) + frame(framing, payload(5))
        #expect(read(framing, after, maxFrame: 5).messages.count == 2)
    }

    @Test func lengthsThatLie() {
        func check(_ framing: Framing, _ bytes: [UInt8], _ error: FrameError, maxFrame: Int) {
            for cuts in everyCut(bytes.count) {
                let verdict = read(framing, bytes, cuts: cuts, maxFrame: maxFrame)
                #expect(verdict == Verdict(error: error), "\(framing) \(bytes) \(cuts)")
            }
        }
        check(.u16be, [0xff, 0xff, 1], .tooLong, maxFrame: 65_534)
        check(.u16be, [0xff, 0xff, 1], .cutShort, maxFrame: 65_535)
        check(.u32be, [0xff, 0xff, 0xff, 0xff, 1], .tooLong, maxFrame: 65_507)
        check(.u32be, [0xff, 0xff, 0xff, 0xff, 1], .cutShort, maxFrame: .max)
        check(.u32be, [0x80, 0, 0, 0], .tooLong, maxFrame: 65_507)
        check(.octetCount, Array("65508 x".utf8), .tooLong, maxFrame: 65_507)
        check(.octetCount, Array("9999999999 x".utf8), .tooLong, maxFrame: 65_507)
        check(.octetCount, Array("9999999999 x".utf8), .cutShort, maxFrame: .max)
        check(.syslog, Array("65508 x".utf8), .tooLong, maxFrame: 65_507)
        check(.syslog, Array("\n9 x".utf8), .cutShort, maxFrame: 65_507)
        check(.syslog, Array("<13>12".utf8), .tooLong, maxFrame: 5)
        check(SampleFramings.u24le, [0xe4, 0xff, 0, 1], .tooLong, maxFrame: 65_507)
        check(SampleFramings.u24le, [0xff, 0xff, 0xff, 1], .cutShort, maxFrame: 1 << 24)
        check(SampleFramings.varint, [0xe4, 0xff, 3, 1], .tooLong, maxFrame: 65_507)
        check(SampleFramings.varint, [0xff, 0xff, 0xff, 0xff, 0xff, 1], .refused, maxFrame: .max)
        check(SampleFramings.netstring, Array("65508:".utf8), .tooLong, maxFrame: 65_507)
        check(SampleFramings.netstring, Array("2:ab;".utf8), .refused, maxFrame: 65_507)
        check(SampleFramings.netstring, Array("x2:".utf8), .refused, maxFrame: 65_507)
        check(.fixed(.max), [1], .tooLong, maxFrame: 65_507)
        check(.fixed(.max), [1, 2], .cutShort, maxFrame: .max)
        check(.fixed(0), [1, 2], .notALength, maxFrame: 65_507)
        check(.fixed(.min), [1, 2], .notALength, maxFrame: 65_507)
    }

    @Test(arguments: counted) func cutShortAtEveryOffset(framing: Framing) throws {
        let messages = ten(framing)
        var ends: [Int: Int] = [0: 0]
        var stream: [UInt8] = []
        for (index, message) in messages.enumerated() {
            stream += try frame(framing, message)
            ends[stream.count] = index + 1
        }
        #expect(ends.count == 11)
        for length in 0...stream.count {
            let verdict = read(framing, Array(stream[..<length]))
            if let whole = ends[length] {
                #expect(verdict == Verdict(messages: Array(messages[..<whole])))
            } else {
                #expect(verdict.error == .cutShort, "cut to \(length)")
            }
        }
    }

    @Test(arguments: ["0 ", "01 x", "x", " 5", "99999999999 ", "5x", "5\n", "-5 ", "+5 ", "1 a0"])
    func badOctetCounts(text: String) {
        let stream = Array(text.utf8)
        for cuts in everyCut(stream.count) {
            #expect(read(.octetCount, stream, cuts: cuts).error == .notALength, "\(cuts)")
        }
    }

    /// Every short stream of significant bytes, cut in every way, against a plain reading.
    @Test func octetCountsByTheBook() {
        func byTheBook(_ stream: [UInt8], _ maxFrame: Int) -> Verdict {
            var verdict = Verdict()
            var rest = stream[...]
            while !rest.isEmpty {
                let digits = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }
                rest = rest.dropFirst(digits.count)
                let length = Int(String(decoding: digits, as: UTF8.self))
                guard digits.first != 0x30, rest.isEmpty || rest.first == 0x20 && length != nil
                else { return Verdict(messages: verdict.messages, error: .notALength) }
                if let length, !rest.isEmpty, length > maxFrame { verdict.error = .tooLong }
                guard let length, rest.count > length, verdict.error == nil else {
                    verdict.error = verdict.error ?? .cutShort
                    return verdict
                }
                verdict.messages.append(Array(rest.dropFirst().prefix(length)))
                rest = rest.dropFirst(1 + length)
            }
            return verdict
        }
        var wrong: [String] = []
        for stream in everyString(Array("012 x".utf8), length: 5) {
            let wanted = byTheBook(stream, 2)
            for cuts in everyCut(stream.count)
            where read(.octetCount, stream, cuts: cuts, maxFrame: 2) != wanted {
                wrong.append("\(stream) \(cuts), wanted \(wanted)")
            }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
    }

    // MARK: Lines

    /// Every short stream of letters and ends of lines, cut in every way, against a plain reading.
    @Test(arguments: [0, 1, 2, 100]) func linesByTheBook(maxFrame: Int) {
        func byTheBook(_ stream: [UInt8]) -> Verdict {
            var verdict = Verdict()
            var lines = stream.split(separator: 0x0a, omittingEmptySubsequences: false)
            let last = lines.removeLast()
            lines = lines.map { $0.last == 0x0d ? $0.dropLast() : $0 }
            if !last.isEmpty { lines.append(last) }
            for line in lines {
                guard line.count <= maxFrame else {
                    verdict.error = .tooLong
                    break
                }
                verdict.messages.append(Array(line))
            }
            return verdict
        }
        var wrong: [String] = []
        for stream in everyString([0x61, 0x0d, 0x0a], length: 6) {
            let wanted = byTheBook(stream)
            for cuts in everyCut(stream.count)
            where read(.line, stream, cuts: cuts, maxFrame: maxFrame) != wanted {
                wrong.append("\(stream) \(cuts), wanted \(wanted)")
            }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
    }

    private func step(_ scanner: inout FrameScanner, _ text: StaticString) -> ScanStep {
        scanner.next(text.utf8Start, count: text.utf8CodeUnitCount)
    }

    private func run(
        _ length: Int, of consumed: Int, begins: Bool, ends: Bool, held: Bool = false
    ) -> ScanStep {
        .run(0, length, consumed: consumed, begins: begins, ends: ends, heldCarriageReturn: held)
    }

    @Test func aHeldCarriageReturnStepByStep() {
        var scanner = FrameScanner(.line, maxFrame: 100)
        #expect(step(&scanner, "ab\r") == run(2, of: 3, begins: true, ends: false))
        #expect(step(&scanner, "\n") == run(0, of: 1, begins: false, ends: true))
        #expect(step(&scanner, "\r") == .needsMore(consumed: 1))
        #expect(step(&scanner, "\n") == run(0, of: 1, begins: true, ends: true))
        #expect(step(&scanner, "\r") == .needsMore(consumed: 1))
        #expect(step(&scanner, "x\n") == run(1, of: 2, begins: true, ends: true, held: true))
        #expect(step(&scanner, "\r") == .needsMore(consumed: 1))
        #expect(step(&scanner, "\r") == run(0, of: 1, begins: true, ends: false, held: true))
        #expect(step(&scanner, "\r\n") == run(0, of: 2, begins: false, ends: true, held: true))
        #expect(scanner.end() == .clean)
        #expect(step(&scanner, "\r") == .needsMore(consumed: 1))
        #expect(scanner.end() == .message(begins: true, heldCarriageReturn: true))
        #expect(step(&scanner, "a\r") == run(1, of: 2, begins: true, ends: false))
        #expect(scanner.end() == .message(begins: false, heldCarriageReturn: true))
        #expect(step(&scanner, "a") == run(1, of: 1, begins: true, ends: false))
        #expect(scanner.end() == .message(begins: false, heldCarriageReturn: false))
        #expect(scanner.end() == .clean)
    }

    @Test func aHeldCarriageReturnCountsAsPayload() {
        var scanner = FrameScanner(.line, maxFrame: 2)
        #expect(step(&scanner, "ab\r") == run(2, of: 3, begins: true, ends: false))
        #expect(scanner.end() == .bad(.tooLong))
        scanner = FrameScanner(.line, maxFrame: 2)
        _ = step(&scanner, "ab\r")
        #expect(step(&scanner, "\r\n") == .bad(.tooLong, consumed: 2))
    }

    // MARK: Without marks

    @Test func aReadIsAMessage() {
        let stream = Array("abcdef".utf8)
        #expect(
            read(.raw, stream, cuts: [0, 2, 2, 5], maxFrame: 3).messages.map(\.count) == [2, 3, 1])
        #expect(read(.raw, stream, cuts: [2], maxFrame: 3).error == .tooLong)
    }

    @Test func aStreamIsAMessage() {
        var scanner = FrameScanner(.eof, maxFrame: 3)
        #expect(scanner.end() == .clean)
        #expect(step(&scanner, "ab") == run(2, of: 2, begins: true, ends: false))
        #expect(step(&scanner, "") == .needsMore(consumed: 0))
        #expect(step(&scanner, "c") == run(1, of: 1, begins: false, ends: false))
        #expect(scanner.end() == .message(begins: false, heldCarriageReturn: false))
    }

    @Test func aFailureStays() {
        var scanner = FrameScanner(.octetCount, maxFrame: 3)
        #expect(
            step(&scanner, "1 a4 ")
                == .run(
                    2, 1, consumed: 3, begins: true, ends: true, heldCarriageReturn: false))
        #expect(step(&scanner, "4 ") == .bad(.tooLong, consumed: 2))
        #expect(step(&scanner, "1 a") == .bad(.tooLong, consumed: 3))
        #expect(step(&scanner, "") == .bad(.tooLong, consumed: 0))
        #expect(scanner.end() == .bad(.tooLong))
        scanner = FrameScanner(.u16be, maxFrame: 3)
        _ = step(&scanner, "\0")
        #expect(scanner.end() == .bad(.cutShort))
        #expect(step(&scanner, "\0\0") == .bad(.cutShort, consumed: 2))
    }
}
