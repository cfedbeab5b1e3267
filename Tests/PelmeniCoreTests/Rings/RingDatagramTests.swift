import CPelmeni
import Glibc
import TestSupport
import Testing

@testable import PelmeniCore

/// Datagrams over every real ring: each arrives whole, once, at its destination.
@Suite(.ownThread, .serialized, .timeLimit(.minutes(1))) struct RingDatagramTests {
    private static let sizes = [0, 1, 1472, 0, 9000, 65_507, 0, 2]

    private func open(_ isUnix: Bool, _ bench: RingBench) throws -> SocketPair {
        try isUnix ? SocketPair.unix(SOCK_DGRAM, for: bench) : SocketPair.udp(for: bench)
    }

    private func message(_ size: Int) -> [UInt8] { Pattern.shared.stream(key: size, count: size) }

    /// An empty datagram is a datagram like any other, and no end.
    @Test(arguments: RingChoice.real, [false, true])
    func everySizeBothWays(choice: RingChoice, isUnix: Bool) throws {
        try RingBench.run(choice) { bench in
            let pair = try open(isUnix, bench)
            let slot = try bench.attach(pair.near, isShared: !isUnix)
            bench.receiveDatagrams(slot, isUnix: isUnix)
            for size in Self.sizes { try pair.sendDatagram(message(size)) }
            #expect(try bench.run { bench[slot].datagrams.count == Self.sizes.count })
            #expect(bench[slot].datagrams == Self.sizes.map(message))
            for size in Self.sizes { bench.sendDatagram(slot, message(size)) }
            #expect(try bench.run { bench[slot].departed.count == Self.sizes.count })
            #expect(bench[slot].departed.allSatisfy { $0 >= 0 }, "\(bench[slot].departed)")
            for size in Self.sizes { #expect(try pair.far.read(upTo: 1 << 17) == message(size)) }
            try bench.closeAll([slot])
        }
    }

    /// Many clients send to one socket, and each is answered under its name.
    @Test(arguments: RingChoice.real, [false, true])
    func aSocketOfManyClients(choice: RingChoice, isUnix: Bool) throws {
        let folder = try TemporaryFolder()
        try RingBench.run(choice) { bench in
            func name(_ text: String) -> SocketName { isUnix ? .path(folder.file(text)) : .port(0) }
            let (socket, server) = try SocketPair.datagramListener(at: name("server"), for: bench)
            let slot = try bench.attach(socket)
            bench.receiveDatagrams(slot, isUnix: isUnix, isListener: true)
            let clients = try (0..<30).map { try DatagramWire(at: name("client\($0)")) }
            for (number, client) in clients.enumerated() {
                // Few at a time: a Unix socket holds ten (unix(7), max_dgram_qlen).
                for part in 0..<5 {
                    try client.send("\(number).\(part)", to: DatagramAddress(server))
                }
                let came = 5 * (number + 1)
                #expect(try bench.run { bench[slot].datagrams.count == came })
            }
            let texts = bench[slot].datagrams.map { String(decoding: $0, as: UTF8.self) }
            #expect(Set(texts).count == 150)
            for number in clients.indices {
                let own = texts.filter { $0.hasPrefix("\(number).") }
                #expect(own == (0..<5).map { "\(number).\($0)" }, "in order")
            }
            for (number, client) in clients.enumerated() {
                let address = try SocketAddress(of: client.name ?? .port(0))
                for part in 0..<3 {
                    bench.sendDatagram(slot, Array("\(number)-\(part)".utf8), to: address)
                }
            }
            #expect(try bench.run { bench[slot].departed.count == 90 })
            #expect(bench[slot].departed.allSatisfy { $0 >= 0 }, "\(bench[slot].departed)")
            for (number, client) in clients.enumerated() {
                for part in 0..<3 { #expect(try client.receiveText() == "\(number)-\(part)") }
            }
            try bench.closeAll([slot])
        }
    }

    /// A network error of a datagram is reported once, and ends nothing.
    @Test(arguments: RingChoice.real) func aRefusal(choice: RingChoice) throws {
        try RingBench.run(choice) { bench in
            let pair = try SocketPair.udp(for: bench)
            let slot = try bench.attach(pair.near, isShared: true)
            bench.receiveDatagrams(slot)
            try bench.turn()
            try pair.refuse(butFrom: try DatagramWire().port)
            bench.sendDatagram(slot, [1])
            #expect(try bench.run { bench[slot].datagramErrors == [ECONNREFUSED] })
            #expect(try bench.entersWhileItWaits() <= 8)
            #expect(bench[slot].departed.count == 1)
            try bench.closeAll([slot])
        }
    }

    /// What the network reports stays in an error queue until it is taken: then the ring is quiet,
    /// and later datagrams come.
    @Test(arguments: RingChoice.real) func anErrorQueue(choice: RingChoice) throws {
        try RingBench.run(choice) { bench in
            let pair = try SocketPair.udp(for: bench, reportsErrors: true)
            let slot = try bench.attach(pair.near, isShared: true)
            bench.rows[slot]?.hasErrorQueue = true
            bench.receiveDatagrams(slot)
            try bench.turn()
            let stranger = try DatagramWire()
            try pair.refuse(butFrom: stranger.port)
            for round in 1...3 {
                bench.sendDatagram(slot, [1])
                #expect(
                    try bench.run {
                        bench[slot].reports.reduce(0) { $0 + $1.unreachable } == round
                    })
                #expect(try bench.entersWhileItWaits() <= 8)
            }
            let errors = bench[slot].reports.map(\.error).filter { $0 != 0 }
            #expect(errors == [-ECONNREFUSED, -ECONNREFUSED, -ECONNREFUSED])
            // The kernel keeps a report of its own of a datagram that it does not send.
            let departed = bench[slot].departed.count
            bench.sendDatagram(slot, message(65_508))
            #expect(try bench.run { bench[slot].departed.count == departed + 1 })
            #expect(bench[slot].departed.last == -EMSGSIZE)
            #expect(try bench.entersWhileItWaits() <= 8)
            #expect(bench[slot].reports.last == NetworkReports())
            try pair.accept(from: slot.socket)
            try pair.sendDatagram(message(9))
            #expect(try bench.run { bench[slot].datagrams == [message(9)] })
            try bench.closeAll([slot])
        }
    }

    /// A receiver that does not read: the sender gets EAGAIN at once, waits without a busy loop,
    /// and is woken once there is room.
    @Test(arguments: RingChoice.real) func aFullSocket(choice: RingChoice) throws {
        try RingBench.run(choice) { bench in
            let pair = try SocketPair.unix(SOCK_DGRAM, for: bench)
            let slot = try bench.attach(pair.near)
            var sent = 0
            while !bench[slot].departed.contains(-EAGAIN) {
                bench.sendDatagram(slot, message(1000))
                sent += 1
                #expect(try bench.run { bench[slot].departed.count == sent })
                try #require(
                    sent < 5000 && bench[slot].departed.allSatisfy { $0 >= 0 || $0 == -EAGAIN })
            }
            bench.awaitWritable(slot)
            #expect(try bench.entersWhileItWaits() <= 8)
            #expect(bench[slot].rooms == 0)
            for _ in 1..<sent { #expect(try pair.far.read(upTo: 1 << 17) == message(1000)) }
            #expect(try bench.run { bench[slot].rooms == 1 })
            bench.sendDatagram(slot, message(1000))
            #expect(try bench.run { bench[slot].departed.count == sent + 1 })
            #expect(bench[slot].departed.last.map { $0 >= 0 } == true)
            #expect(try pair.far.read(upTo: 1 << 17) == message(1000))
            try bench.closeAll([slot])
        }
    }
}
