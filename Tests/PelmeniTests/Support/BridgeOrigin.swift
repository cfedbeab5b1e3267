import Glibc
import TestSupport

/// The origin behind a pair of any kind: it knows the sender of each question.
final class BridgeOrigin: Sendable {
    /// A question, and the way back to its sender.
    struct Question: Sendable {
        let message: [UInt8]
        fileprivate let wayBack: WayBack
    }

    fileprivate enum WayBack: Sendable {
        case stream(Wire)
        case address(DatagramAddress)
    }

    private enum Door: Sendable {
        case stream(TestListener)
        case datagrams(DatagramWire)
    }

    private struct Connection {
        let wire: Wire
        var bytes: [UInt8] = []

        /// The next whole message of a stream, if it has come.
        mutating func next() -> [UInt8]? {
            guard bytes.count >= 2 else { return nil }
            let end = 2 + (Int(bytes[0]) << 8 | Int(bytes[1]))
            guard bytes.count >= end else { return nil }
            defer { bytes.removeFirst(end) }
            return Array(bytes[2..<end])
        }
    }

    private let door: Door

    /// - Parameter name: nil is a port of its own, or `path`.
    init(_ face: Face, path: String, at name: SocketName? = nil) throws {
        let name = name ?? (face.isUnix ? .path(path) : .port(0))
        door =
            face.isStream
            ? .stream(try TestListener(name)) : .datagrams(try DatagramWire(at: name))
    }

    var name: SocketName {
        switch door {
        case .stream(let listener): listener.name
        case .datagrams(let wire): wire.name ?? .port(0)
        }
    }

    /// The socket of a datagram origin.
    var wire: DatagramWire {
        get throws {
            guard case .datagrams(let wire) = door else {
                throw Overdue(description: "not an origin of datagrams")
            }
            return wire
        }
    }

    /// The next connection of a stream origin.
    func accept(within: Duration = .seconds(Wire.patience)) throws -> Wire {
        guard case .stream(let listener) = door else {
            throw Overdue(description: "not an origin of streams")
        }
        return try listener.accept(within: within)
    }

    func close() {
        switch door {
        case .stream(let listener): listener.close()
        case .datagrams(let wire): wire.close()
        }
    }

    /// Collects each batch whole, then answers it last question first.
    func serveReversed(
        batches: [Int], _ answer: @Sendable ([UInt8]) -> [UInt8]
    ) throws {
        var connections: [Connection] = []
        for batch in batches {
            var questions: [Question] = []
            while questions.count < batch { try take(&questions, &connections) }
            for question in questions.reversed() {
                try reply(answer(question.message), to: question.wayBack)
            }
        }
    }

    /// Answers so many questions in the order in which they come.
    func serve(_ count: Int, _ answer: @Sendable ([UInt8]) -> [UInt8] = { $0 }) throws {
        var connections: [Connection] = []
        var served = 0
        while served < count {
            var questions: [Question] = []
            try take(&questions, &connections)
            for question in questions {
                try reply(answer(question.message), to: question.wayBack)
            }
            served += questions.count
        }
    }

    private func reply(_ message: [UInt8], to wayBack: WayBack) throws {
        switch (wayBack, door) {
        case (.stream(let wire), _): try wire.write(BridgeClient.framed(message))
        case (.address(let address), .datagrams(let wire)): try wire.send(message, to: address)
        case (.address, .stream): throw Overdue(description: "a datagram from a stream")
        }
    }

    /// Waits for the next message.
    private func take(_ questions: inout [Question], _ connections: inout [Connection]) throws {
        guard case .stream(let listener) = door else {
            let (message, from) = try wire.receive()
            questions.append(Question(message: message, wayBack: .address(from)))
            return
        }
        var polled = [pollfd(fd: listener.socket, events: Int16(POLLIN), revents: 0)]
        polled += connections.map { pollfd(fd: $0.wire.socket, events: Int16(POLLIN), revents: 0) }
        let patience = Patience()
        while poll(&polled, nfds_t(polled.count), patience.milliseconds) < 1 {
            if patience.isOver { throw patience.failure("a question") }
        }
        for index in connections.indices.reversed() where polled[index + 1].revents != 0 {
            let bytes = try connections[index].wire.read()
            connections[index].bytes += bytes
            while let message = connections[index].next() {
                let wire = connections[index].wire
                questions.append(Question(message: message, wayBack: .stream(wire)))
            }
            if bytes.isEmpty { connections.remove(at: index) }
        }
        if polled[0].revents != 0 { connections.append(Connection(wire: try listener.accept())) }
    }
}
