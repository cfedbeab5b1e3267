internal import PelmeniCore

/// The decisions of a seed before the run: the peers, the kernel's behaviour, and the faults.
package struct SimulatedWorld: Sendable {
    package var seed: UInt64
    package var plans: [FlowPlan] = []
    /// Addresses of each plan's upstreams.
    package var upstreams: [[[SimulatedDestination.Mood]]] = []
    /// Pairs with datagrams on a side; they are numbered after the plans.
    package var messages: [SimulatedMessagePlan] = []
    package var faults = SimulatedFaults()
    /// Hooks of each pair, or nil; empty is none anywhere.
    package var chaos: [ChaosPlan?] = []
    /// Drivers of each pair, or nil; empty is none anywhere.
    package var drivers: [ChaosDriverPlan?] = []

    // The ring.
    package var isMultishot = true
    /// Blocks are posted beforehand, as with io_uring, or taken as bytes come.
    package var postsBlocks = true
    package var posted = Posted()
    /// A send waits until all its bytes are taken.
    package var waitsForAll = true
    package var tellsAcknowledged = true

    // Sockets.
    package var sendBuffer = 64 << 10
    package var receiveBuffer = 64 << 10
    package var backlog = 64
    /// Clients connect within this many nanoseconds.
    package var arrival = 10_000_000

    // When.
    /// Faults stop at this time.
    package var healsAt: UInt64 = .max
    package var drainsAt: UInt64 = .max
    package var stopsAt: UInt64 = .max
    package var sessionTime: UInt64 = 20_000_000_000_000

    package init(seed: UInt64) { self.seed = seed }

    /// Blocks of each class that are posted.
    package struct Posted: Sendable {
        package var small = 8
        package var bulk = 2
        package var datagrams = 4
    }

    /// Hooks close and finish sessions.
    var hooksEndSessions: Bool { chaos.contains { $0?.isViolent ?? false } }

    func isDriven(_ pair: Int) -> Bool { drivers.isEmpty ? false : drivers[pair] != nil }

    /// Pairs of all kinds.
    package var pairs: Int { plans.count + messages.count }

    /// The message plan of a pair, or nil for a pair of plain streams.
    func messagePlan(_ pair: Int) -> SimulatedMessagePlan? {
        pair < plans.count ? nil : messages[pair - plans.count]
    }

    /// Upstreams and their addresses of a pair of any kind.
    func destinations(_ pair: Int) -> [[SimulatedDestination.Mood]] {
        messagePlan(pair)?.upstreams ?? upstreams[pair]
    }

    func listensOnUnix(_ pair: Int) -> Bool {
        messagePlan(pair)?.listensOnUnix ?? plans[pair].listensOnUnix
    }

    func forwardsToUnix(_ pair: Int) -> Bool {
        messagePlan(pair)?.forwardsToUnix ?? plans[pair].forwardsToUnix
    }

    /// The address of a pair's upstream.
    func address(_ pair: Int, upstream: Int, address: Int) -> SocketAddress {
        Self.address(
            plan: pair, upstream: upstream, address: address,
            isUnix: forwardsToUnix(pair) || destinations(pair)[upstream][address] == .busy)
    }

    /// The clock's first value. Not near 0, which could hide a mistake in time differences.
    package static let start: UInt64 = 5_000_000_000

    /// The identity that streams of this run share.
    package var salt: UInt16 { UInt16(truncatingIfNeeded: seed &* 0x9e37 &+ seed >> 16) }

    static func address(
        plan: Int, upstream: Int, address: Int, isUnix: Bool
    ) -> SocketAddress {
        if isUnix, let it = SocketAddress(path: "/\(plan)\(upstream)\(address)") { return it }
        return SocketAddress(
            v4: 0x0a00_0000 | UInt32(plan) << 16 | UInt32(upstream) << 8 | UInt32(address),
            port: 80)
    }
}
