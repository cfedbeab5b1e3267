import CPelmeni
import Foundation
import Pelmeni
import Synchronization
import TestSupport

/// One peer with many sockets that misbehaves until it is stopped, on a thread of its own.
final class HostilePeer: Sendable {
    /// The beginning of a message: its length is 60,000.
    private static let beginning = [0xea, 0x60] + [UInt8](repeating: 0x41, count: 20_000)
    /// Sockets that begin messages: more than a small pool has blocks for.
    private static let beginners = 40
    /// Connections of its own that may wait to be accepted.
    private static let queuedMost = 64

    private let place: Neighbourhood
    private let isStopping = Atomic<Bool>(false)
    private let hasStopped = Atomic<Bool>(false)
    private let acts = Atomic<Int>(0)

    init(_ place: Neighbourhood) {
        self.place = place
        let thread = Thread { [self] in
            try? run()
            hasStopped.store(true, ordering: .relaxed)
        }
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Actions so far.
    var actCount: Int { acts.load(ordering: .relaxed) }

    func stop() throws {
        isStopping.store(true, ordering: .relaxed)
        try waitUntil("the hostile peer stops") { hasStopped.load(ordering: .relaxed) }
    }

    private var goesOn: Bool { !isStopping.load(ordering: .relaxed) }

    private func didSomething() { acts.add(1, ordering: .relaxed) }

    private func run() throws {
        switch place.hostility {
        case .flood: try flood(message: 0, reads: true)
        case .silence: try flood(message: 1_000, reads: false)
        case .unfinished: try begin { try self.socket(pair: 0) }
        case .unfinishedAnswers: try beginAnswers()
        case .resets:
            while goesOn {
                // Queues are first come, first served, the kernel's and the engine's: in a queue of
                // thousands every client waits.
                let statistics = place.engine.statistics
                guard actCount < Int(statistics.accepted) + Self.queuedMost,
                    statistics.open < UInt64(Self.queuedMost)
                else {
                    usleep(200)
                    continue
                }
                let wire = try Wire(to: place.name(0))
                try wire.write(BridgeClient.framed([0x41]))
                wire.reset()
                didSomething()
            }
        case .dials: try dial()
        }
    }

    /// A non-blocking socket.
    private func socket(pair: Int) throws -> Wire {
        let face = place.crossing.from
        let name = place.name(pair)
        guard !face.isStream else {
            let wire = try Wire(to: name)
            _ = pelmeni_socket_nonblocking(wire.socket, 1)
            return wire
        }
        let socket = pelmeni_datagram_open(face.isUnix ? AF_UNIX : AF_INET, 1)
        // A client without a name gets no answers.
        if face.isUnix { _ = pelmeni_datagram_name(socket) }
        let wire = Wire(socket: socket)
        name.beginConnect(socket)
        return wire
    }

    // MARK: Floods

    /// The bytes of one call: a block full of messages, or a single one where calls keep them
    /// apart.
    private func piece(_ message: Int) -> [UInt8] {
        let one = [UInt8](repeating: 0x41, count: message)
        guard place.crossing.from.isStream else { return one }
        guard place.crossing.hasDatagrams else { return [0x41] + one }
        let framed = BridgeClient.framed(one)
        return [[UInt8]](repeating: framed, count: (16 << 10) / framed.count).flatMap { $0 }
    }

    private func flood(message: Int, reads: Bool) throws {
        let wires = try (0..<4).map { _ in try socket(pair: place.hostilePair) }
        let isStream = place.crossing.from.isStream
        let bytes = piece(message)
        let callsInTurn = bytes.count > 4_000 ? 1 : 32
        var pending = [Int](repeating: 0, count: wires.count)
        var room = [UInt8](repeating: 0, count: 64 << 10)
        while goesOn {
            var isBusy = false
            for (index, wire) in wires.enumerated() {
                while reads, goesOn, pelmeni_socket_receive(wire.socket, &room, room.count) > 0 {
                    isBusy = true
                }
                for _ in 0..<callsInTurn {
                    let sent = bytes.withUnsafeBytes {
                        pelmeni_socket_send(
                            wire.socket, $0.baseAddress?.advanced(by: pending[index]),
                            $0.count - pending[index])
                    }
                    guard sent >= 0 else { break }
                    // The rest of a message is sent first.
                    pending[index] = isStream ? (pending[index] + sent) % bytes.count : 0
                    isBusy = true
                    didSomething()
                }
            }
            if !isBusy { usleep(500) }
        }
    }

    // MARK: Messages without an end

    private func begin(_ open: () throws -> Wire) throws {
        var wires = try (0..<Self.beginners).map { _ in try Self.begun(open()) }
        while goesOn {
            for index in wires.indices {
                let sent = pelmeni_socket_send(wires[index].socket, [0x41], 1)
                // A closed connection is opened again.
                if sent < 0, sent != -Int(EAGAIN) { wires[index] = try Self.begun(open()) }
                didSomething()
            }
            usleep(5_000)
        }
    }

    private static func begun(_ wire: Wire) throws -> Wire {
        _ = pelmeni_socket_send(wire.socket, beginning, beginning.count)
        return wire
    }

    private func beginAnswers() throws {
        guard let origin = place.hostileOrigin else { return }
        let clients = try (0..<Self.beginners).map { _ in try socket(pair: 1) }
        for client in clients {
            // A Unix listener's queue is short (net.unix.max_dgram_qlen).
            while goesOn, pelmeni_socket_send(client.socket, [0x41], 1) == -Int(EAGAIN) {
                usleep(200)
            }
        }
        try begin {
            // A closed connection is dialled again for the next question.
            for client in clients { _ = pelmeni_socket_send(client.socket, [0x41], 1) }
            let wire = try accept(origin)
            _ = pelmeni_socket_nonblocking(wire.socket, 1)
            return wire
        }
    }

    /// The next connection, unless the peer is stopped before.
    private func accept(_ origin: TestListener) throws -> Wire {
        while goesOn {
            if let wire = try? origin.accept(within: .milliseconds(100)) { return wire }
        }
        throw Overdue(description: "the hostile peer is stopped")
    }

    // MARK: Dials

    private func dial() throws {
        guard let origin = place.hostileOrigin else { return }
        // The queue is full from now on.
        let fillers = try (0..<4).map { _ in
            let socket = try origin.name.newSocket()
            origin.name.beginConnect(socket)
            return Wire(socket: socket)
        }
        while goesOn {
            let wires = try (0..<20).map { _ in try socket(pair: 1) }
            for wire in wires { _ = pelmeni_socket_send(wire.socket, [0, 1, 0x41], 3) }
            didSomething()
            usleep(50_000)
            for wire in wires { wire.reset() }
        }
        for filler in fillers { filler.close() }
    }
}
