internal import Dispatch
internal import ExampleSupport

/// Sends each datagram to all senders so far: a session of the server is one of them.
///
/// The first byte says what a datagram is to the hub: `+` comes in, `-` leaves.
struct ChatHub {
    /// Clients that have gone without a word are forgotten once so many others came.
    private static let guestsMax = 1000

    let port: UInt16

    /// Opens a socket, and serves it on a thread of its own for the life of the process.
    init() throws {
        let port = DispatchSemaphore(value: 0)
        nonisolated(unsafe) var opened: Result<UInt16, any Error>?
        DispatchQueue(label: "hub").async {
            do {
                let socket = try PlainSocket.listening(.datagrams)
                opened = .success(socket.port)
                port.signal()
                Self.serve(socket)
            } catch {
                opened = .failure(error)
                port.signal()
            }
        }
        port.wait()
        guard let opened else { throw ExampleFailure("the hub has no port") }
        self.port = try opened.get()
    }

    private static func serve(_ socket: PlainSocket) -> Never {
        var guests: [UInt16] = []
        while true {
            // A socket of this kind gives up after five seconds of silence.
            guard let bytes = try? socket.receive() else { continue }
            let sender = socket.senderPort
            if !guests.contains(sender) { guests.append(sender) }
            if guests.count > guestsMax { guests.removeFirst() }
            if bytes.first == UInt8(ascii: "-") { guests.removeAll { $0 == sender } }
            for guest in guests { try? socket.send(bytes, toPort: guest) }
        }
    }
}
