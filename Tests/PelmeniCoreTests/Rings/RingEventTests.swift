import CPelmeni
import Glibc
import TestSupport
import Testing

@testable import PelmeniCore

/// Late events, reused descriptors, and sockets that other descriptors share.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct RingEventTests {
    /// Enters in a fifth of a second below those of a busy loop.
    private static let entersMost: UInt64 = 8

    /// Two datagram sockets are readable in one loop. The first one's datagram closes the second,
    /// and the next stream gets its number at once: the pending event of the old socket does not
    /// belong to the new one.
    @Test(arguments: RingChoice.real, [false, true])
    func aNumberThatIsUsedAgain(choice: RingChoice, inTheSameSlot: Bool) throws {
        try RingBench.run(choice) { bench in
            // Other tests of this process may take the number first.
            for _ in 0..<50 where try reuse(bench, inTheSameSlot) { return }
            Issue.record("the number was always somebody else's")
        }
    }

    /// False when another test took the number before it could be reused.
    private func reuse(_ bench: RingBench, _ inTheSameSlot: Bool) throws -> Bool {
        let pairs = try (0..<2).map { _ in try SocketPair.udp(for: bench) }
        let slots = try pairs.map { try bench.attach($0.near, isShared: true) }
        for slot in slots { bench.receiveDatagrams(slot) }
        try bench.turn()
        let stream = try SocketPair.tcp(for: bench)
        defer { close(stream.near) }
        for pair in pairs { try pair.sendDatagram([1]) }
        var first: RingSlot?
        var next: RingSlot?
        var isClosed = false
        func came(_ slot: RingSlot) throws {
            guard first == nil, let other = slots.first(where: { $0 != slot }) else { return }
            first = slot
            try bench.close(other) {
                isClosed = true
                let number = fcntl(stream.near, F_DUPFD_CLOEXEC, other.socket)
                guard number == other.socket else {
                    close(number)
                    return
                }
                let again = try bench.attach(number, again: inTheSameSlot ? other : nil)
                bench.receive(again)
                next = again
            }
        }
        let patience = Patience()
        while !isClosed, !patience.isOver { try bench.turn(wait: 20, each: came) }
        guard let first, let next else { return false }
        try stream.far.write("told")
        #expect(try bench.run { bench[next].received == Array("told".utf8) })
        // The first one is where it was.
        try pairs[first == slots[0] ? 0 : 1].sendDatagram([2])
        #expect(try bench.run { bench[first].datagrams == [[1], [2]] })
        try bench.closeAll([first, next])
        return true
    }

    /// A closed socket stays open while another descriptor refers to it: that of a process being
    /// started, say. Its bytes wake no worker.
    @Test(arguments: RingChoice.real, [true, false])
    func aCopyOfAClosedSocket(choice: RingChoice, ofDatagrams: Bool) throws {
        try RingBench.run(choice) { bench in
            let pair =
                try ofDatagrams ? SocketPair.udp(for: bench) : SocketPair.tcp(for: bench)
            let copy = fcntl(pair.near, F_DUPFD_CLOEXEC, 3)
            defer { close(copy) }
            let slot = try bench.attach(pair.near, isShared: ofDatagrams)
            if ofDatagrams { bench.receiveDatagrams(slot) } else { bench.receive(slot) }
            try bench.turn()
            try bench.closeAll([slot])
            try pair.sendDatagram(Array("nobody".utf8))
            #expect(try bench.entersWhileItWaits() <= Self.entersMost)
            #expect(bench[slot].received.isEmpty && bench[slot].datagrams.isEmpty)
        }
    }

    // MARK: Listeners that two watch

    @Test(arguments: RingChoice.real) func aListenerThatTwoRingsWatch(choice: RingChoice) throws {
        let (listener, address) = try LoopbackSocket.listen()
        let copy = fcntl(listener, F_DUPFD_CLOEXEC, 3)
        let port = address.port ?? 0
        try RingBench.run(choice) { first in
            try RingBench.run(choice) { second in
                let near = try first.attach(listener, isShared: true, kind: .accept)
                let far = try second.attach(copy, isShared: true, kind: .accept)
                var clients: [Wire] = []
                func connect(_ count: Int) throws {
                    clients += try (0..<count).map { _ in try Wire(toPort: port) }
                }
                func taken() -> [Int32] { first[near].accepted + second[far].accepted }
                func run(_ isDone: () -> Bool) throws -> Bool {
                    let patience = Patience()
                    while !isDone() {
                        guard !patience.isOver else { return false }
                        try first.turn(wait: 5)
                        try second.turn(wait: 5)
                    }
                    return true
                }
                first.beginAccepting(near)
                second.beginAccepting(far)
                try connect(40)
                #expect(try run { taken().count == 40 })

                // Without an armed accept, connections wait, and wake no worker.
                first.pauseAccepting(near)
                second.pauseAccepting(far)
                try first.turn(wait: 5)
                try second.turn(wait: 5)
                try connect(5)
                #expect(try first.entersWhileItWaits() <= Self.entersMost)
                #expect(try second.entersWhileItWaits() <= Self.entersMost)
                first.beginAccepting(near)
                #expect(try run { taken().count == 45 })

                // One of them is closed; the other one is alone from then on.
                second.beginAccepting(far)
                try first.closeAll([near])
                let before = second[far].accepted.count
                try connect(10)
                #expect(try run { second[far].accepted.count == before + 10 })
                #expect(Set(taken()).count == 55, "a connection that two rings were given")
                try second.closeAll([far])
                for socket in taken() { close(socket) }
                for client in clients { client.close() }
            }
        }
    }

    // MARK: Sends that do not fit

    /// Streams whose far sides do not read: their sends wait, in one call or in many, without a
    /// busy loop.
    @Test(arguments: RingChoice.real, [true, false])
    func sendsThatWait(choice: RingChoice, overTCP: Bool) throws {
        try RingBench.run(choice) { bench in
            let pairs = try (0..<40).map { _ in
                try overTCP ? SocketPair.tcp(for: bench) : .unix(SOCK_STREAM, for: bench)
            }
            let slots = try pairs.map { try bench.attach($0.near, isUnix: $0.isUnix) }
            for pair in pairs {
                var room: Int32 = 4096
                setsockopt(pair.near, SOL_SOCKET, SO_SNDBUF, &room, 4)
                setsockopt(pair.far.socket, SOL_SOCKET, SO_RCVBUF, &room, 4)
            }
            let piece = (0..<8000).map { UInt8(truncatingIfNeeded: $0) }
            // One at a time: short sends are gathered into one call.
            var asked = [Int](repeating: 0, count: slots.count)
            var loopsWithoutProgress = 0
            while loopsWithoutProgress < 5 {
                let before = slots.map { bench[$0].sent }
                for (index, slot) in slots.enumerated() where bench[slot].sent == asked[index] {
                    bench.send(slot, piece)
                    asked[index] += piece.count
                }
                try bench.turn(wait: 20)
                loopsWithoutProgress =
                    slots.map { bench[$0].sent } == before ? loopsWithoutProgress + 1 : 0
            }
            #expect(slots.indices.allSatisfy { bench[slots[$0]].sent < asked[$0] })
            #expect(try bench.entersWhileItWaits() <= Self.entersMost)

            // The far sides read: all bytes are sent, in order.
            let expected = slots.indices.map { index in
                (0..<asked[index] / piece.count).flatMap { _ in piece }
            }
            var read = [[UInt8]](repeating: [], count: slots.count)
            var room = [UInt8](repeating: 0, count: 1 << 16)
            #expect(
                try bench.run {
                    for (index, pair) in pairs.enumerated() {
                        let count = pelmeni_socket_receive(pair.far.socket, &room, room.count)
                        if count > 0 { read[index] += room[..<count] }
                    }
                    return read == expected
                })
            try bench.closeAll(slots)
        }
    }
}
