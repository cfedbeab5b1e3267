import Testing

@testable import PelmeniLoad

@Suite struct PatternTests {
    private func bytes(_ count: Int, seed: UInt64 = 42, position: UInt64 = 0) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.withUnsafeMutableBytes {
            guard let base = $0.baseAddress else { return }
            Pattern.fill(base, count: count, seed: seed, position: position)
        }
        return bytes
    }

    private func check(_ verifier: inout Verifier, _ bytes: [UInt8]) -> Fault? {
        bytes.withUnsafeBytes {
            guard let base = $0.baseAddress else { return nil }
            return verifier.check(base, count: bytes.count)
        }
    }

    @Test func anyCutOfAStreamIsTheSameStream() {
        let whole = bytes(400)
        for first in 0..<24 {
            for count in 1..<40 {
                let part = bytes(count, position: UInt64(first))
                #expect(part == Array(whole[first..<first + count]))
                #expect(
                    part.enumerated().allSatisfy { offset, byte in
                        byte == Pattern.byte(42, UInt64(first + offset))
                    })
            }
        }
    }

    @Test func streamsOfTwoSeedsDiffer() {
        #expect(bytes(64, seed: Pattern.seed(1)) != bytes(64, seed: Pattern.seed(2)))
        #expect(Set((0..<1000).map(Pattern.seed)).count == 1000)
    }

    @Test(arguments: [1, 7, 8, 64, 333, 5000])
    func aGoodStreamPassesInPiecesOfAnySize(piece: Int) {
        let stream = bytes(5000)
        var verifier = Verifier(seed: 42, end: 5000)
        for start in stride(from: 0, to: stream.count, by: piece) {
            #expect(!verifier.isWhole)
            let part = Array(stream[start..<min(start + piece, stream.count)])
            #expect(check(&verifier, part) == nil)
        }
        #expect(verifier.isWhole)
    }

    /// Every place of a stream, with each kind of damage.
    @Test(arguments: ["changed", "dropped", "doubled", "swapped", "zeroed"])
    func damageIsNoticed(kind: String) {
        let good = bytes(600)
        for place in 0..<599 {
            var bad = good
            switch kind {
            case "changed": bad[place] ^= 1 << UInt8(place % 8)
            case "dropped": bad.remove(at: place)
            case "doubled": bad.insert(bad[place], at: place)
            case "swapped": bad.swapAt(place, place + 1)
            default: bad[place] = 0
            }
            guard bad != good else { continue }
            var verifier = Verifier(seed: 42, end: 600)
            let fault = check(&verifier, bad)
            // Bytes lost at the very end show as an incomplete stream.
            #expect(fault != nil || !verifier.isWhole, "\(kind) at \(place)")
        }
    }

    /// A block that comes twice, is missing, or belongs to another connection.
    @Test func wholeBlocksOutOfPlaceAreNoticed() {
        let block = 16 << 10
        let seed = Pattern.seed(7)
        let first = bytes(block, seed: seed)
        let third = bytes(block, seed: seed, position: UInt64(2 * block))
        let stranger = bytes(block, seed: Pattern.seed(8), position: UInt64(block))
        for wrong in [first, third, stranger] {
            var verifier = Verifier(seed: seed, end: UInt64(3 * block))
            #expect(check(&verifier, first) == nil)
            #expect(check(&verifier, wrong) == .wrongByte)
            #expect(verifier.position == UInt64(block))
        }
    }

    @Test func bytesTooManyAreNoticed() {
        var verifier = Verifier(seed: 42, end: 100)
        #expect(check(&verifier, bytes(101)) == .surplus)
        var other = Verifier(seed: 42, end: 100)
        #expect(check(&other, bytes(100)) == nil)
        #expect(check(&other, [0]) == .surplus)
    }

    @Test func headersReadAsTheyWereWritten() {
        let header = ExchangeHeader(
            seed: 0xfeed_f00d_0123_4567, requestBytes: 64, answerBytes: 1 << 30, isLast: true)
        var raw = [UInt8](repeating: 0, count: ExchangeHeader.bytes)
        raw.withUnsafeMutableBytes { if let base = $0.baseAddress { header.write(base) } }
        func read() -> ExchangeHeader? {
            raw.withUnsafeBytes { $0.baseAddress.flatMap { ExchangeHeader(reading: $0) } }
        }
        #expect(read() == header)
        raw[0] ^= 1
        #expect(read() == nil)
    }
}
