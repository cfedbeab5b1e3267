/// Failures in a row of what sessions dial, and the rest that follows from them.
package struct Backoff: Sendable {
    /// The rest after a first failure, which doubles with each further one, and the longest.
    static let restMin: UInt64 = 1_000_000_000
    static let restMax: UInt64 = 30_000_000_000

    package private(set) var failures: UInt8 = 0
    private var until: UInt64 = 0

    package init() {}

    @inline(__always)
    func isResting(_ now: UInt64) -> Bool { until > now }

    mutating func failed(now: UInt64) {
        failures = min(failures &+ 1, 6)
        until = now &+ min(Self.restMax, Self.restMin << UInt64(failures &- 1))
    }
}

/// One address of an upstream, in one worker.
package struct UpstreamAddress: Sendable {
    package var address: SocketAddress
    var backoff = Backoff()

    package init(_ address: SocketAddress = SocketAddress()) { self.address = address }
}

/// One upstream of a pair, in one worker: its addresses, and its backoff after failures.
///
/// An address that fails rests, and sessions dial the others first. The upstream rests once none of
/// its addresses took a connection.
package struct Upstream: @unchecked Sendable {
    /// A name with more addresses gets its first ones: no client waits for sixteen to fail. A
    /// session's record of dialled addresses is a 16-bit word.
    package static let addressesMax = 16
    /// Upstreams of a pair: a session's record of attempts is a 64-bit word.
    package static let upstreamsMax = 64

    private let addresses: UnsafeMutablePointer<UpstreamAddress>
    /// The number of the upstream among those that the program gave the pair.
    let endpoint: UInt8
    package private(set) var addressCount: UInt8 = 0
    /// The upstream is passed over while it rests and another one does not.
    var backoff = Backoff()
    /// Where the addresses of an upstream have a row each, in its first row: the next one to dial.
    var turn: UInt8 = 0
    /// The upstream, or one of its addresses, has failed and did not take a connection since.
    var hasFailures = false
    /// Its connections without a session, the last one first.
    var parked: LegID = .none

    /// - Parameters:
    ///   - addresses: room for ``addressesMax``, alive as long as the worker.
    ///   - endpoint: the number of the upstream among the pair's.
    package init(addresses: UnsafeMutablePointer<UpstreamAddress>, endpoint: Int) {
        self.addresses = addresses
        self.endpoint = UInt8(endpoint)
    }

    @inline(__always)
    func address(_ number: Int) -> UnsafeMutablePointer<UpstreamAddress> {
        assert(number < Self.addressesMax, "an upstream has no such address")
        return addresses + number
    }

    /// For messages.
    package func socketAddress(_ number: UInt8) -> SocketAddress {
        address(Int(number)).pointee.address
    }

    /// The number of an address; nil when the upstream's name has moved.
    func number(of address: SocketAddress) -> Int? {
        (0..<Int(addressCount)).first { addresses[$0].address == address }
    }

    /// Takes the addresses of a new lookup. One that stays keeps its backoff.
    package mutating func replaceAddresses(_ found: some Collection<SocketAddress>) {
        let before = (0..<Int(addressCount)).map { addresses[$0] }
        addressCount = 0
        for address in found.prefix(Self.addressesMax) {
            let known = before.first { $0.address == address }
            addresses[Int(addressCount)] = known ?? UpstreamAddress(address)
            addressCount &+= 1
        }
        hasFailures = backoff.failures > 0 || hasFailedAddress
    }

    private var hasFailedAddress: Bool {
        (0..<Int(addressCount)).contains { addresses[$0].backoff.failures > 0 }
    }

    /// An address took a connection, or answered. Whether the upstream rested.
    mutating func succeeded(_ number: Int) -> Bool {
        addresses[number].backoff = Backoff()
        hasFailures = hasFailedAddress
        defer { backoff = Backoff() }
        return backoff.failures > 0
    }

    /// Whether an address is left that does not rest.
    func hasAwake(_ now: UInt64) -> Bool {
        (0..<Int(addressCount)).contains { !addresses[$0].backoff.isResting(now) }
    }

    /// The address that is dialled next: in order, the resting ones last, each once. Nil when none
    /// is left.
    ///
    /// - Parameter dialled: the addresses that the session has dialled, a bit each.
    func next(after dialled: UInt16, _ now: UInt64) -> Int? {
        var resting: Int?
        for number in 0..<Int(addressCount) where dialled & (1 << UInt16(number)) == 0 {
            guard addresses[number].backoff.isResting(now) else { return number }
            if resting == nil { resting = number }
        }
        return resting
    }
}
