import PelmeniTesting
import Testing

/// The tests' own measure must see each kind of damage.
@Suite struct FlowContentTests {
    private func stream(_ identity: UInt64, _ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.withUnsafeMutableBytes {
            guard let base = $0.baseAddress else { return }
            FlowContent.fill(base, identity: identity, position: 0, count: count)
        }
        return bytes
    }

    private func wrongAt(_ bytes: [UInt8], pieces: Int = 13) -> Int? {
        var reader = FlowReader(salt: 7, fromClient: true, plan: 2)
        bytes.withUnsafeBytes { all in
            guard let base = all.baseAddress else { return }
            var at = 0
            while at < all.count {
                let count = min(pieces, all.count - at)
                reader.take(base + at, count)
                at += count
            }
        }
        return reader.wrongAt
    }

    private let identity = FlowContent.identity(salt: 7, fromClient: true, plan: 2, number: 99)

    @Test(arguments: [1, 3, 8, 64, 1000]) func aStreamIsItself(pieces: Int) {
        #expect(wrongAt(stream(identity, 1000), pieces: pieces) == nil)
    }

    @Test func faultsAreSeenWhereTheyAre() {
        let whole = stream(identity, 1000)
        for at in [0, 3, 8, 9, 500, 998] {
            var lost = whole
            lost.remove(at: at)
            #expect(wrongAt(lost) != nil, "lost at \(at)")
            var doubled = whole
            doubled.insert(whole[at], at: at)
            #expect(wrongAt(doubled) != nil, "doubled at \(at)")
            guard at >= 8 || at < 4 else { continue }
            var changed = whole
            changed[at] ^= 1
            #expect(wrongAt(changed) == at, "changed at \(at)")
        }
    }

    @Test func anotherStreamIsNotThisOne() {
        let others = [
            FlowContent.identity(salt: 8, fromClient: true, plan: 2, number: 99),
            FlowContent.identity(salt: 7, fromClient: false, plan: 2, number: 99),
            FlowContent.identity(salt: 7, fromClient: true, plan: 3, number: 99),
        ]
        for other in others { #expect(wrongAt(stream(other, 100)) != nil) }
        let mixed = Array(stream(identity, 500)) + stream(identity ^ 1 << 40, 1000)[500...]
        #expect(wrongAt(Array(mixed)) == 500)
    }
}
