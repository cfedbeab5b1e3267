import Testing

@testable import PelmeniCore

/// Answers of a custom framing, and the handling of impossible ones. `FramingTests` shows that such
/// framings read like the built-in ones, wherever a stream is cut.
@Suite struct CustomScanTests {
    /// Gives a fixed answer to every call, and writes a fixed head.
    private struct Stubborn: MessageFraming {
        let name = "stubborn"
        var step = FramingStep.needsMore
        var envelope: FrameEnvelope?

        func read(_ bytes: Span<UInt8>, _ state: inout FramingState) -> FramingStep { step }

        func write(around payload: Span<UInt8>) -> FrameEnvelope? { envelope }
    }

    /// Headers of a chosen length; asks for more when `isGreedy`.
    private struct Header: HeaderFraming {
        let name = "header"
        let headerMax: Int
        var size = 1
        var after: Int?
        var ends = true
        var isGreedy = false

        func read(header: Span<UInt8>) -> FramingStep {
            guard header.count >= size, !isGreedy else { return .needsMore }
            return .payload(
                after: after ?? size, length: Int(header[size - 1]),
                ends: ends || header[size - 1] == 0)
        }

        func write(around payload: Span<UInt8>) -> FrameEnvelope? { nil }
    }

    private func read(
        _ framing: CustomFraming, _ stream: [UInt8], cuts: [Int] = [], maxFrame: Int = 100
    ) -> FrameReader.Verdict {
        var reader = FrameReader(.custom(framing), maxFrame)
        var from = 0
        for cut in cuts + [stream.count] {
            reader.read(stream[from..<cut], margin: 0)
            from = cut
        }
        reader.end()
        #expect(reader.fault == nil)
        return reader.verdict
    }

    private func bytes(_ envelope: FrameEnvelope) -> (before: [UInt8], after: [UInt8]) {
        var room = [UInt8](repeating: 0xa5, count: 64)
        room.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            envelope.writeBefore(to: base)
            envelope.writeAfter(to: base + 32)
        }
        #expect(room[envelope.beforeCount..<32].allSatisfy { $0 == 0xa5 })
        #expect(room[(32 + envelope.afterCount)...].allSatisfy { $0 == 0xa5 })
        return (Array(room[..<envelope.beforeCount]), Array(room[32..<(32 + envelope.afterCount)]))
    }

    private func around(_ envelope: FrameEnvelope?) -> FrameEnvelope? {
        let framing = Framing.custom(CustomFraming(Stubborn(envelope: envelope)))
        return [UInt8](repeating: 7, count: 5).withUnsafeBytes { bytes in
            bytes.baseAddress.flatMap { FrameEnvelope.around(framing, $0, count: 5) }
        }
    }

    // MARK: The handle

    @Test func aHandleIsItself() {
        let one = CustomFraming(Stubborn())
        let other = CustomFraming(Stubborn())
        #expect(one == one && one != other)
        #expect(Set([one, other, one]).count == 2)
        #expect(Framing.custom(one) == .custom(one) && Framing.custom(one) != .custom(other))
        #expect(one.name == "stubborn")
        #expect("\(Framing.custom(one)) \(one)" == "stubborn stubborn")
        #expect(_isPOD(CustomFraming.self) && _isPOD(Framing.self))
        #expect(Framing("stubborn") == nil)
    }

    // MARK: Answers that cannot be

    private static let impossible: [FramingStep] = [
        .payload(after: -1, length: 1), .payload(after: .min, length: 1),
        .payload(after: 9, length: 1), .payload(after: .max, length: 1),
        .payload(length: -1), .payload(length: .min), .payload(after: 1, length: -1),
        .payload(length: 1, trailer: -1), .payload(length: 1, trailer: .min),
        .payload(length: 0), .payload(length: 0, ends: false),
    ]

    @Test(arguments: impossible.indices) func anAnswerThatCannotBe(index: Int) {
        let framing = CustomFraming(Stubborn(step: Self.impossible[index]))
        let stream = [UInt8](repeating: 1, count: 8)
        #expect(read(framing, stream).error == .brokenFraming)
        #expect(read(framing, stream, cuts: [1, 3]).error == .brokenFraming)
        #expect(read(framing, stream).messages.isEmpty)
        #expect(read(framing, []) == FrameReader.Verdict())
    }

    @Test func anAnswerThatIsTooMuch() {
        let stream = [UInt8](repeating: 1, count: 8)
        for step in [
            FramingStep.payload(length: .max), .payload(length: 101),
            .payload(length: 101, ends: false),
            .payload(length: 1, trailer: .max), .payload(length: 1, trailer: 1 << 17),
        ] {
            #expect(read(CustomFraming(Stubborn(step: step)), stream).error == .tooLong, "\(step)")
        }
        // A message of several parts.
        let part = CustomFraming(Stubborn(step: .payload(after: 1, length: 51, ends: false)))
        #expect(read(part, stream).error == .cutShort)
        #expect(read(part, stream + [UInt8](repeating: 1, count: 50)).error == .tooLong)
    }

    /// A header without an end.
    @Test func marksAreBounded() {
        let most = 100 + CustomFraming.marksSpare
        let greedy = CustomFraming(Stubborn())
        for cuts in [[], [1], [most - 1], [most]] {
            let stream = [UInt8](repeating: 1, count: most)
            #expect(read(greedy, stream, cuts: cuts).error == .cutShort)
            #expect(read(greedy, stream + [1], cuts: cuts).error == .tooLong)
        }
        // Skipped bytes count, and the next message begins anew.
        let skipping = CustomFraming(
            Stubborn(step: .payload(after: 1, length: 0, ends: false)))
        #expect(read(skipping, [UInt8](repeating: 1, count: most)).error == .cutShort)
        #expect(read(skipping, [UInt8](repeating: 1, count: most + 1)).error == .tooLong)
        let empty = CustomFraming(Stubborn(step: .payload(after: 1, length: 0)))
        #expect(read(empty, [UInt8](repeating: 1, count: most + 1)).messages.count == most + 1)
    }

    @Test func whyAStreamIsRefused() {
        var scanner = FrameScanner(
            .custom(CustomFraming(Stubborn(step: .bad("out of tune")))), maxFrame: 9)
        #expect(scanner.report == 0)
        let step = scanner.next("abc", count: 3)
        #expect(step == .bad(.refused, consumed: 3))
        #expect(scanner.next("abc", count: 2) == .bad(.refused, consumed: 2))
        #expect(scanner.end() == .bad(.refused))
        let reported = FrameError.reported(scanner.report)
        #expect(reported?.error == .refused && reported?.text == "out of tune")
        #expect(FrameReason.number("out of tune") == FrameReason.number("out of tune"))
        #expect(FrameReason.number("out of tune") != FrameReason.number("out of time"))
        for error in FrameError.allCases {
            let plain = FrameError.reported(error.report(reason: 0))
            #expect(plain?.error == error && plain?.text == error.description)
        }
        #expect(FrameError.reported(255) == nil)
    }

    // MARK: Parts and trailers

    /// Chunks of up to 255 bytes; an empty one ends the message.
    @Test func aMessageInParts() {
        let framing = CustomFraming(Header(headerMax: 1, ends: false))
        let stream: [UInt8] = [2, 7, 8, 1, 9, 0, 0, 3, 1, 2, 3, 0]
        let wanted = FrameReader.Verdict(messages: [[7, 8, 9], [], [1, 2, 3]])
        for mask in 0..<1 << (stream.count - 1) {
            let cuts = (1..<stream.count).filter { mask >> ($0 - 1) & 1 == 1 }
            let verdict = read(framing, stream, cuts: cuts, maxFrame: 3)
            guard verdict != wanted else { continue }
            Issue.record("\(cuts) \(verdict)")
        }
        for length in [1, 2, 3, 5, 8] {
            let verdict = read(framing, Array(stream[..<length]))
            #expect(verdict.error == .cutShort, "\(length)")
        }
        #expect(
            read(framing, stream, maxFrame: 2)
                == FrameReader.Verdict(error: .tooLong))
    }

    /// The bytes are counted, and not read.
    @Test func aTrailer() {
        let framing = CustomFraming(Stubborn(step: .payload(after: 1, length: 2, trailer: 3)))
        let stream = [UInt8](0..<12)
        let wanted = FrameReader.Verdict(messages: [[1, 2], [7, 8]])
        for mask in 0..<1 << (stream.count - 1) {
            let cuts = (1..<stream.count).filter { mask >> ($0 - 1) & 1 == 1 }
            guard read(framing, stream, cuts: cuts) != wanted else { continue }
            Issue.record("\(cuts)")
        }
        for length in [7, 8, 9, 10, 11] {
            #expect(read(framing, Array(stream[..<length])).error == .cutShort, "\(length)")
        }
    }

    // MARK: Headers

    @Test(arguments: 1...15) func headersOfEveryLength(size: Int) {
        let framing = CustomFraming(Header(headerMax: size, size: size))
        let message = [UInt8](repeating: 0x11, count: size - 1) + [3, 9, 8, 7]
        let wanted = FrameReader.Verdict(messages: [[9, 8, 7], [9, 8, 7]])
        for cut in 0...(2 * message.count) {
            #expect(read(framing, message + message, cuts: [cut]) == wanted, "cut at \(cut)")
        }
        #expect(read(framing, message + message, cuts: Array(1..<2 * message.count)) == wanted)
        let greedy = CustomFraming(Header(headerMax: size, isGreedy: true))
        for cuts in [[], [1], Array(1..<message.count)] {
            #expect(read(greedy, message, cuts: cuts).error == .refused)
        }
        #expect(read(greedy, Array(message[..<(size - 1)])).error == (size == 1 ? nil : .cutShort))
    }

    @Test func headersThatCannotBe() {
        // A longer or shorter `headerMax` counts as 15 or 1.
        for headerMax in [0, -1, .min] {
            let framing = CustomFraming(Header(headerMax: headerMax))
            #expect(read(framing, [1, 9]) == FrameReader.Verdict(messages: [[9]]))
        }
        for headerMax in [16, 1_000, .max] {
            let framing = CustomFraming(Header(headerMax: headerMax, isGreedy: true))
            let stream = [UInt8](repeating: 1, count: 15)
            #expect(read(framing, Array(stream[1...])).error == .cutShort)
            #expect(read(framing, stream).error == .refused)
        }
        // The header was incomplete at first, and complete later.
        for after in [-1, 0, 1, .min, 8, .max] {
            let framing = CustomFraming(Header(headerMax: 4, size: 3, after: after))
            #expect(
                read(framing, [1, 1, 0, 1], cuts: [2]).error == .brokenFraming, "\(after)")
        }
    }

    // MARK: Writing

    @Test func headsInOrder() throws {
        var envelope = FrameEnvelope()
        envelope.putBefore(1)
        envelope.putBefore(lowFirst: 0x030201, bytes: 3)
        envelope.putBefore(highFirst: 0x0102, bytes: 2)
        envelope.putBefore(highFirst: .max, bytes: 8)
        envelope.putBefore(lowFirst: 0, bytes: 0)
        envelope.putAfter(9)
        envelope.putAfter(lowFirst: 0x0201, bytes: 2)
        envelope.putAfter(highFirst: 0x0102_0304, bytes: 4)
        let written = try #require(around(envelope))
        #expect(bytes(written).before == [1, 1, 2, 3, 1, 2] + [UInt8](repeating: 255, count: 8))
        #expect(bytes(written).after == [9, 1, 2, 1, 2, 3, 4])
        let nothing = try #require(around(FrameEnvelope()))
        #expect(bytes(nothing).before.isEmpty && bytes(nothing).after.isEmpty)
        #expect(around(nil) == nil)
    }

    @Test func headsHaveRoomForSoMuch() throws {
        func envelope(_ fill: (inout FrameEnvelope) -> Void) -> FrameEnvelope? {
            var envelope = FrameEnvelope()
            fill(&envelope)
            return around(envelope)
        }
        let full = try #require(
            envelope { envelope in
                for byte in UInt8(1)...16 { envelope.putBefore(byte) }
                for byte in UInt8(1)...8 { envelope.putAfter(byte) }
            })
        #expect(bytes(full).before == [UInt8](1...16) && bytes(full).after == [UInt8](1...8))
        #expect(
            envelope { envelope in for byte in UInt8(1)...17 { envelope.putBefore(byte) } } == nil)
        #expect(
            envelope { envelope in for byte in UInt8(1)...9 { envelope.putAfter(byte) } } == nil)
        #expect(envelope { $0.putBefore(lowFirst: 0x1_0000, bytes: 2) } == nil)
        #expect(envelope { $0.putBefore(highFirst: 0x100, bytes: 1) } == nil)
        #expect(envelope { $0.putAfter(lowFirst: 1, bytes: 0) } == nil)
        #expect(envelope { $0.putAfter(highFirst: 1, bytes: 9) } == nil)
        #expect(envelope { $0.putAfter(highFirst: 1, bytes: -1) } == nil)
        #expect(envelope { $0.putAfter(highFirst: 0xffff, bytes: 2) } != nil)
    }
}
