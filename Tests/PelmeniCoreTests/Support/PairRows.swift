@testable import PelmeniCore

/// The memory of a test worker's pairs.
struct PairRows {
    let pairs: UnsafeMutablePointer<PairRow>
    let engineSessions: UnsafeMutablePointer<Int64>
    var datagramSessions: UnsafeMutablePointer<Int64> { engineSessions + count + 1 }
    private let count: Int
    private let upstreams: UnsafeMutablePointer<Upstream>
    private let addresses: UnsafeMutablePointer<UpstreamAddress>

    /// - Parameter upstreams: addresses of each pair's upstreams, one each.
    init(upstreams plans: [[SocketAddress]], deadlines: Deadlines, isUnix: Bool = false) {
        count = plans.count
        let total = plans.reduce(0) { $0 + $1.count }
        pairs = .allocate(capacity: count)
        engineSessions = .allocate(capacity: count + 2)
        engineSessions.initialize(repeating: 0, count: count + 2)
        upstreams = .allocate(capacity: total)
        addresses = .allocate(capacity: total * Upstream.addressesMax)
        var first = 0
        for (number, plan) in plans.enumerated() {
            for (index, address) in plan.enumerated() {
                let room = addresses + (first + index) * Upstream.addressesMax
                room.initialize(repeating: UpstreamAddress(), count: Upstream.addressesMax)
                (upstreams + first + index).initialize(
                    to: Upstream(addresses: room, endpoint: index))
                upstreams[first + index].replaceAddresses([address])
            }
            (pairs + number).initialize(
                to: PairRow(
                    deadlines: deadlines, options: SocketOptions(), sessionsMax: 0,
                    sessionsOpen: engineSessions + 1 + number, upstreams: upstreams + first,
                    upstreamCount: UInt8(plan.count)))
            pairs[number].isUnix = isUnix
            first += plan.count
        }
    }

    func leaks() -> [String] {
        (0...count + 1).filter { engineSessions[$0] != 0 }
            .map { "\(engineSessions[$0]) sessions are counted as open" }
    }

    func destroy() {
        pairs.deallocate()
        engineSessions.deallocate()
        upstreams.deallocate()
        addresses.deallocate()
    }
}
