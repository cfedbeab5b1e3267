import Testing

@testable import PelmeniCore

/// The addresses of an upstream: their order, their backoffs, and what a new lookup keeps of them.
@Suite struct UpstreamTests {
    private static let second: UInt64 = 1_000_000_000

    private static func address(_ host: UInt32) -> SocketAddress {
        SocketAddress(v4: 0x7f00_0000 | host, port: 80)
    }

    /// A pair's rows, freed at the end.
    private final class Rows {
        let addresses: UnsafeMutablePointer<UpstreamAddress>
        let upstreams: UnsafeMutablePointer<Upstream>
        let open = UnsafeMutablePointer<Int64>.allocate(capacity: 1)
        var pair: PairRow

        init(_ rowsOfEndpoints: [Int]) {
            let endpoints = rowsOfEndpoints.enumerated().flatMap { number, rows in
                [Int](repeating: number, count: rows)
            }
            let count = endpoints.count
            addresses = .allocate(capacity: count * Upstream.addressesMax)
            addresses.initialize(
                repeating: UpstreamAddress(), count: count * Upstream.addressesMax)
            upstreams = .allocate(capacity: count)
            for (row, endpoint) in endpoints.enumerated() {
                (upstreams + row).initialize(
                    to: Upstream(
                        addresses: addresses + row * Upstream.addressesMax, endpoint: endpoint))
            }
            open.initialize(to: 0)
            pair = PairRow(
                deadlines: Deadlines(), options: SocketOptions(), sessionsMax: 0,
                sessionsOpen: open, upstreams: upstreams, upstreamCount: UInt8(count))
        }

        deinit {
            addresses.deallocate()
            upstreams.deallocate()
            open.deallocate()
        }

        func addresses(ofRow row: Int) -> [SocketAddress] {
            upstreams[row].numbers.map { upstreams[row].socketAddress(UInt8($0)) }
        }

        /// The last bytes of the addresses of the rows, 0 for none.
        var hosts: [UInt32] {
            (0..<Int(pair.upstreamCount)).map { row in
                guard upstreams[row].addressCount > 0 else { return 0 }
                let host = upstreams[row].firstAddress.host.split(separator: ".").last
                return UInt32(host ?? "") ?? 0
            }
        }
    }

    private static func dialled(_ upstream: Upstream, at now: UInt64) -> [Int] {
        var tried: UInt16 = 0
        var order: [Int] = []
        while let next = upstream.next(after: tried, now) {
            tried |= 1 << UInt16(next)
            order.append(next)
        }
        return order
    }

    @Test func anAddressThatFailsIsDialledLast() {
        let rows = Rows([1])
        rows.pair.setAddresses((1...3).map(Self.address), ofEndpoint: 0)
        let row = rows.upstreams
        #expect(Self.dialled(row.pointee, at: Self.second) == [0, 1, 2])
        row.pointee.address(0).pointee.backoff.failed(now: Self.second)
        #expect(Self.dialled(row.pointee, at: Self.second) == [1, 2, 0])
        #expect(Self.dialled(row.pointee, at: 2 * Self.second) == [0, 1, 2])
        row.pointee.address(1).pointee.backoff.failed(now: Self.second)
        row.pointee.address(2).pointee.backoff.failed(now: Self.second)
        #expect(!row.pointee.hasAwake(Self.second))
        #expect(Self.dialled(row.pointee, at: Self.second) == [0, 1, 2])
    }

    @Test func aLookupKeepsTheBackoffOfAnAddressThatStays() {
        let rows = Rows([1])
        rows.pair.setAddresses([1, 2].map(Self.address), ofEndpoint: 0)
        let row = rows.upstreams
        row.pointee.address(0).pointee.backoff.failed(now: Self.second)
        rows.pair.setAddresses([3, 1].map(Self.address), ofEndpoint: 0)
        #expect(row.pointee.hasFailures)
        // The one that is new has a number of its own.
        #expect(Self.dialled(row.pointee, at: Self.second) == [2, 0])
        #expect(row.pointee.address(0).pointee.backoff.isResting(Self.second))
        #expect(row.pointee.number(of: Self.address(2)) == nil)
        rows.pair.setAddresses([3, 2].map(Self.address), ofEndpoint: 0)
        #expect(!row.pointee.hasFailures)
    }

    /// Dials that were in flight together fail together.
    @Test func failuresOfOneMomentAreOne() {
        var backoff = Backoff()
        for _ in 0..<6 { backoff.failed(now: Self.second) }
        #expect(backoff.failures == 1)
        #expect(backoff.isResting(2 * Self.second - 1) && !backoff.isResting(2 * Self.second))
        backoff.failed(now: 2 * Self.second)
        #expect(backoff.isResting(4 * Self.second - 1) && !backoff.isResting(4 * Self.second))
    }

    /// A leg outlives the address that it was dialled to, or another order of them.
    @Test func aNumberMeansOneAddress() {
        let rows = Rows([1])
        let row = rows.upstreams
        func dialled(_ number: Int) -> LegRow.Dialled {
            LegRow.Dialled(
                upstream: 0, address: UInt8(number),
                generation: row.pointee.address(number).pointee.generation)
        }
        rows.pair.setAddresses([1, 2].map(Self.address), ofEndpoint: 0)
        let (one, two) = (dialled(0), dialled(1))
        rows.pair.setAddresses([2, 1].map(Self.address), ofEndpoint: 0)
        #expect(row.pointee.isPresent(one) && row.pointee.isPresent(two))
        #expect(Self.dialled(row.pointee, at: 0) == [1, 0])
        rows.pair.setAddresses([2].map(Self.address), ofEndpoint: 0)
        #expect(!row.pointee.isPresent(one) && row.pointee.isPresent(two))
        // Other addresses get the number again and again; a lookup never overwrites the present
        // ones, which staged connects name.
        var previous = row.pointee.firstAddress
        for host in UInt32(3)...100 {
            let present = Array(row.pointee.numbers)
            rows.pair.setAddresses([Self.address(host)], ofEndpoint: 0)
            #expect(row.pointee.address(present[0]).pointee.address == previous)
            #expect(!row.pointee.isPresent(one) && !row.pointee.isPresent(two))
            previous = row.pointee.firstAddress
        }
        // An address that comes back is another one.
        rows.pair.setAddresses([1].map(Self.address), ofEndpoint: 0)
        #expect(!row.pointee.isPresent(one))
    }

    /// A session that dials while a lookup ends dials the addresses that are new, and no other
    /// one twice.
    @Test func newAddressesAreDialledOnce() {
        let rows = Rows([1])
        let row = rows.upstreams
        rows.pair.setAddresses([1].map(Self.address), ofEndpoint: 0)
        var policy = UpstreamPolicy()
        policy.forget(row.pointee.numbers(since: policy.lookup), lookup: row.pointee.lookups)
        policy.noteDialled(0, of: 0)
        for round in UInt32(0)..<40 {
            // Another one beside it, whose number other addresses had before.
            rows.pair.setAddresses([Self.address(1), Self.address(2 + round)], ofEndpoint: 0)
            policy.forget(row.pointee.numbers(since: policy.lookup), lookup: row.pointee.lookups)
            let next = row.pointee.next(after: policy.addresses, 0)
            #expect(next.map { row.pointee.socketAddress(UInt8($0)) } == Self.address(2 + round))
            if let next { policy.noteDialled(next, of: 0) }
            #expect(row.pointee.next(after: policy.addresses, 0) == nil)
        }
    }

    /// With a row each, what is known of a row is about its address.
    @Test func aRowWithAnotherAddressHasNoBackoff() {
        let rows = Rows([2])
        rows.pair.setAddresses([1, 2].map(Self.address), ofEndpoint: 0)
        rows.upstreams[0].backoff.failed(now: Self.second)
        rows.upstreams[1].backoff.failed(now: Self.second)
        rows.pair.setAddresses([2, 3].map(Self.address), ofEndpoint: 0)
        #expect(rows.hosts == [3, 2])
        #expect(rows.upstreams[0].backoff.failures == 0)
        #expect(rows.upstreams[1].backoff.failures == 1)
        #expect(rows.pair.hasOther(than: 0))
        rows.pair.setAddresses([3].map(Self.address), ofEndpoint: 0)
        #expect(!rows.pair.hasOther(than: 0))
    }

    @Test func addressesOfTheirOwnAreDialledInTurn() {
        let rows = Rows([4, 4])
        rows.pair.setAddresses([1, 2, 3].map(Self.address), ofEndpoint: 0)
        rows.pair.setAddresses([7].map(Self.address), ofEndpoint: 1)
        #expect(rows.hosts == [1, 2, 3, 0, 7, 0, 0, 0])
        var turns: [UInt8] = []
        for _ in 0..<8 { turns.append(rows.pair.takeTurn()) }
        #expect(turns == [0, 1, 2, 4, 0, 1, 2, 4])
        turns = (0..<4).map { _ in rows.pair.takeTurn(of: 0) }
        #expect(turns == [0, 1, 2, 0])
        #expect((0..<2).map { _ in rows.pair.takeTurn(of: 1) } == [4, 4])
        #expect(rows.pair.endpoint(ofRow: 5) == 1)
        #expect(rows.pair.endpointCount == 2)
    }

    @Test func anAddressKeepsItsRow() {
        let rows = Rows([4])
        rows.pair.setAddresses([1, 2, 3].map(Self.address), ofEndpoint: 0)
        rows.upstreams[1].backoff.failed(now: Self.second)
        rows.pair.setAddresses([4, 2, 5, 6].map(Self.address), ofEndpoint: 0)
        #expect(rows.hosts == [4, 2, 5, 6])
        #expect(rows.upstreams[1].backoff.failures == 1)
        rows.pair.setAddresses([2].map(Self.address), ofEndpoint: 0)
        #expect(rows.hosts == [0, 2, 0, 0])
        #expect((0..<3).map { _ in rows.pair.takeTurn() } == [1, 1, 1])
        rows.pair.setAddresses((1...16).map { Self.address(UInt32($0)) }, ofEndpoint: 0)
        #expect(rows.hosts.sorted() == [1, 2, 3, 4])
    }

    /// A literal has one row, so that names have more; addresses without a row share the last one.
    @Test func noAddressIsLost() {
        let rows = Rows([1, 3, 1])
        rows.pair.setAddresses([9].map(Self.address), ofEndpoint: 0)
        rows.pair.setAddresses((1...5).map(Self.address), ofEndpoint: 1)
        rows.pair.setAddresses([8].map(Self.address), ofEndpoint: 2)
        #expect(rows.hosts == [9, 1, 2, 3, 8])
        #expect(rows.addresses(ofRow: 3) == [3, 4, 5].map(Self.address))
        #expect((0..<5).map { rows.pair.endpoint(ofRow: $0) } == [0, 1, 1, 1, 2])
        #expect(rows.pair.endpointCount == 3)
        #expect((0..<6).map { _ in rows.pair.takeTurn() } == [0, 1, 2, 3, 4, 0])
        #expect((0..<4).map { _ in rows.pair.takeTurn(of: 1) } == [1, 2, 3, 1])
        #expect(rows.pair.takeTurn(of: 2) == 4)
        // An address that shared a row moves up; the first address of a row keeps it.
        rows.pair.setAddresses([5, 3, 2, 4].map(Self.address), ofEndpoint: 1)
        #expect(rows.hosts == [9, 5, 2, 3, 8])
        #expect(rows.addresses(ofRow: 3) == [3, 4].map(Self.address))
        rows.pair.setAddresses([4].map(Self.address), ofEndpoint: 1)
        #expect(rows.hosts == [9, 4, 0, 0, 8])
    }

    @Test func aNameWithoutAnAddressIsInTurnAsWell() {
        let rows = Rows([2, 2])
        #expect(rows.pair.takeTurn() < 4)
        #expect(rows.pair.takeTurn(of: 1) >= 2)
    }
}
