import Testing

@testable import PelmeniCore

@Suite struct UpstreamPolicyTests {
    /// The upstreams that a session dials when each fails, in order.
    private func dialled(first: UInt8, resting: [Bool], addresses: Int = 1) -> [Int] {
        var policy = UpstreamPolicy(first: first)
        let count = UInt8(resting.count)
        var dialled: [Int] = []
        while !policy.isOver(count) {
            let upstream = policy.current(of: count)
            if policy.mayDial(upstream),
                !policy.passesOver(isBackingOff: resting[upstream], of: count)
            {
                for number in 0..<addresses {
                    policy.noteDialled(number, of: upstream)
                    #expect(policy.mayDial(upstream))
                    // A backoff that begins meanwhile holds no further address back.
                    #expect(!policy.passesOver(isBackingOff: true, of: count))
                    dialled.append(upstream)
                }
            }
            policy.moveOn()
        }
        return dialled
    }

    struct Order: Sendable {
        var first: UInt8
        var resting: [Bool]
        var dialled: [Int]
    }

    private static let orders = [
        Order(first: 0, resting: [false, false, false], dialled: [0, 1, 2]),
        Order(first: 2, resting: [false, false, false], dialled: [2, 0, 1]),
        Order(first: 0, resting: [true, false, true], dialled: [1, 0, 2]),
        Order(first: 1, resting: [true, true, true], dialled: [1, 2, 0]),
        Order(first: 0, resting: [false], dialled: [0]),
        Order(first: 0, resting: [true], dialled: [0]),
        Order(first: 0, resting: [], dialled: []),
    ]

    @Test(arguments: orders) func eachInTurnAndOnce(order: Order) {
        #expect(dialled(first: order.first, resting: order.resting) == order.dialled)
    }

    @Test func addressesInOrder() {
        #expect(dialled(first: 1, resting: [false, false], addresses: 2) == [1, 1, 0, 0])
    }

    @Test func asManyAsThereMayBe() {
        let all = [Bool](repeating: true, count: Upstream.upstreamsMax)
        let last = UInt8(Upstream.upstreamsMax - 1)
        #expect(dialled(first: last, resting: all) == [Int(last)] + Array(0..<Int(last)))
    }

    @Test func aBusyUpstreamIsDialledAgain() {
        var policy = UpstreamPolicy()
        policy.noteDialled(0, of: 0)
        #expect(policy.addresses == 1)
        policy.restart()
        #expect(policy.isFresh)
        policy.noteDialled(0, of: 0)
        #expect(policy.addresses == 1)
    }
}
