import Foundation
import Synchronization
import TestSupport

/// An origin of any kind that echoes, on a thread of its own.
final class EchoOrigin: Sendable {
    private enum Door: Sendable {
        case stream(CrowdOrigin)
        case datagrams(DatagramWire)
    }

    private let door: Door
    private let isStopping = Atomic<Bool>(false)

    init(_ face: Face, path: String) throws {
        let name = face.isUnix ? SocketName.path(path) : .port(0)
        guard !face.isStream else {
            door = .stream(try CrowdOrigin(.echo, at: name))
            return
        }
        let wire = try DatagramWire(at: name)
        door = .datagrams(wire)
        let thread = Thread { [self] in
            while !isStopping.load(ordering: .relaxed) {
                guard let (bytes, from) = try? wire.receive() else { continue }
                if face.isUnix {
                    // Bytes that the engine has not read yet count against this socket, for every
                    // session.
                    try? wire.send(bytes, to: from)
                } else {
                    // An answer that its session's socket does not take is lost, for that session
                    // alone.
                    wire.offer(bytes, to: from)
                }
            }
            wire.close()
        }
        thread.stackSize = 1 << 20
        thread.start()
    }

    var name: SocketName {
        switch door {
        case .stream(let origin): origin.listener.name
        case .datagrams(let wire): wire.name ?? .port(0)
        }
    }

    func stop() throws {
        isStopping.store(true, ordering: .relaxed)
        switch door {
        case .stream(let origin): try origin.stop()
        case .datagrams(let wire):
            // Its thread waits for a datagram.
            guard let name = wire.name else { return }
            if case .path = name {
                try? DatagramWire(unnamedTo: name).send([])
            } else {
                try? DatagramWire().send([], to: DatagramAddress(name))
            }
        }
    }
}
