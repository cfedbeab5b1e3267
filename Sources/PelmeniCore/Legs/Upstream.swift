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

    /// A dial failed. One that fails during the rest says no more: many are in flight when an
    /// address goes down, and each would double the rest.
    mutating func failed(now: UInt64) {
        guard !isResting(now) else { return }
        failures = min(failures &+ 1, 6)
        until = now &+ min(Self.restMax, Self.restMin << UInt64(failures &- 1))
    }
}

/// A place for an address of an upstream, in one worker.
package struct UpstreamAddress: Sendable {
    package var address: SocketAddress
    var backoff = Backoff()
    /// Counts the addresses that were in this place, modulo 256: a leg may outlive its address.
    fileprivate(set) var generation: UInt8 = 0
    /// The lookup that brought the address.
    fileprivate var since: UInt32 = 0

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
    /// The upstream's number in the program's list, of which a name may have several rows.
    let endpoint: UInt8
    package private(set) var addressCount: UInt8 = 0
    /// The numbers of the present addresses in the order of the lookup, four bits each.
    private var order: UInt64 = 0
    /// The number that an address got last.
    private var lastNumber: UInt8 = 15
    /// Lookups that brought an address.
    private(set) var lookups: UInt32 = 0
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

    /// The address of a number, which it keeps for as long as lookups find it; then the number is
    /// free, and another address gets it later.
    @inline(__always)
    func address(_ number: Int) -> UnsafeMutablePointer<UpstreamAddress> {
        assert(number < Self.addressesMax, "an upstream has no such address")
        return addresses + number
    }

    /// For messages.
    package func socketAddress(_ number: UInt8) -> SocketAddress {
        address(Int(number)).pointee.address
    }

    /// Of a row with one address, that one; for messages too.
    package var firstAddress: SocketAddress { address(numbers.first ?? 0).pointee.address }

    /// Whether an address is the first one of the last lookup.
    func isFirst(_ address: SocketAddress) -> Bool { addressCount > 0 && firstAddress == address }

    /// The numbers of the present addresses, in the order of the lookup.
    @inline(__always)
    var numbers: LazyMapSequence<Range<Int>, Int> {
        let order = order
        return (0..<Int(addressCount)).lazy.map { Int(order >> UInt64(4 &* $0) & 15) }
    }

    /// The number of an address; nil when the upstream's name has moved.
    func number(of address: SocketAddress) -> Int? {
        numbers.first { addresses[$0].address == address }
    }

    /// Whether a leg's address is one of the present ones.
    func isPresent(_ dialled: LegRow.Dialled) -> Bool {
        addresses[Int(dialled.address)].generation == dialled.generation
            && numbers.contains(Int(dialled.address))
    }

    /// Takes the addresses of a new lookup. One that stays keeps its number and its backoff. A
    /// number that is free now gets a new address as late as can be.
    package mutating func replaceAddresses(_ found: some Collection<SocketAddress>) {
        var new: [SocketAddress] = []
        for address in found.prefix(Self.addressesMax) where !new.contains(address) {
            new.append(address)
        }
        let kept = new.map { number(of: $0) }
        var taken = kept.reduce(UInt16(0)) { $0 | ($1.map { 1 << UInt16($0) } ?? 0) }
        let present = numbers.reduce(UInt16(0)) { $0 | 1 << UInt16($1) }
        if kept.contains(nil) { lookups &+= 1 }
        var numbers: UInt64 = 0
        for (place, address) in new.enumerated() {
            let number = kept[place] ?? freeNumber(taken, besides: present)
            taken |= 1 << UInt16(number)
            numbers |= UInt64(number) << UInt64(4 * place)
            if kept[place] == nil { put(address, number) }
        }
        order = numbers
        addressCount = UInt8(new.count)
        hasFailures = backoff.failures > 0 || hasFailedAddress
    }

    /// A number that no address has, of those not used longest; one of an address that goes only
    /// where no other is left.
    private func freeNumber(_ taken: UInt16, besides present: UInt16) -> Int {
        let inTurn = (1...16).map { (Int(lastNumber) + $0) & 15 }
        let number =
            inTurn.first { (taken | present) & 1 << UInt16($0) == 0 }
            ?? inTurn.first { taken & 1 << UInt16($0) == 0 }
        guard let number else { preconditionFailure("there are more addresses than numbers") }
        return number
    }

    private mutating func put(_ address: SocketAddress, _ number: Int) {
        let generation = addresses[number].generation
        addresses[number] = UpstreamAddress(address)
        addresses[number].generation = generation &+ 1
        addresses[number].since = lookups
        lastNumber = UInt8(number)
    }

    /// The row's address is another one: nothing is known of it.
    mutating func forget() {
        backoff = Backoff()
        hasFailures = hasFailedAddress
    }

    private var hasFailedAddress: Bool { numbers.contains { addresses[$0].backoff.failures > 0 } }

    /// Whether a leg's success ends a backoff.
    @inline(__always)
    func endsBackoff(_ dialled: LegRow.Dialled) -> Bool {
        backoff.failures > 0 || addresses[Int(dialled.address)].backoff.failures > 0
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
        numbers.contains { !addresses[$0].backoff.isResting(now) }
    }

    /// The numbers that got another address behind a lookup, a bit each.
    func numbers(since lookup: UInt32) -> UInt16 {
        guard lookup != lookups else { return 0 }
        return numbers.reduce(0) { addresses[$1].since > lookup ? $0 | 1 << UInt16($1) : $0 }
    }

    /// Whether an address has not failed since it last took a connection, or was looked up.
    var hasSound: Bool {
        numbers.contains { addresses[$0].backoff.failures == 0 }
    }

    /// The address that is dialled next: in order, the resting ones last, each once. Nil when none
    /// is left.
    ///
    /// - Parameter dialled: the addresses that the session has dialled, a bit each.
    func next(after dialled: UInt16, _ now: UInt64) -> Int? {
        var resting: Int?
        for number in numbers where dialled & (1 << UInt16(number)) == 0 {
            guard addresses[number].backoff.isResting(now) else { return number }
            if resting == nil { resting = number }
        }
        return resting
    }
}
