import CPelmeni
import Glibc
import Synchronization

@testable import PelmeniCore
@testable import PelmeniLoad

/// A relay of datagrams that damages one of them, in a chosen way.
final class DatagramMiddleman: Sendable {
    enum Flaw: String, CaseIterable, Sendable {
        case loses
        case changesByte
        case cuts
        case merges
        /// Delivers it to another client.
        case misdirects
        case repeats
        /// Holds it back for 250 ms.
        case isLate
    }

    let port: UInt16
    private let signal: StopSignal
    private let thread: LoadThread<Bool>

    /// - Parameters:
    ///   - onAnswers: damages a datagram towards the client, not towards the origin.
    ///   - place: the number of datagrams that pass that way before.
    init(_ flaw: Flaw?, onAnswers: Bool, place: Int, to origin: UInt16) throws {
        let signal = try StopSignal()
        let (front, port) = try DatagramSockets.bind()
        self.signal = signal
        self.port = port
        thread = try LoadThread("middleman") {
            var relay = Relay(
                front: front, origin: origin, flaw: flaw, onAnswers: onAnswers, place: place)
            relay.run(signal)
            return true
        }
    }

    func stop() async {
        signal.stop()
        _ = await thread.value()
    }

    private struct Held {
        let due: UInt64
        let bytes: [UInt8]
        let client: Int
        let isAnswer: Bool
    }

    private struct Relay {
        let front: Int32
        let origin: UInt16
        let flaw: Flaw?
        let onAnswers: Bool
        var place: Int
        var names: [sockaddr_in] = []
        var upstreams: [Int32] = []
        var held: [Held] = []
        let dontWait = Int32(MSG_DONTWAIT)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)

        mutating func run(_ signal: StopSignal) {
            while !signal.isRequested {
                var watched = ([signal.event, front] + upstreams).map {
                    pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
                }
                poll(&watched, nfds_t(watched.count), 10)
                let now = pelmeni_monotonic_nanoseconds()
                let due = held.filter { $0.due <= now }
                held.removeAll { $0.due <= now }
                for it in due { pass(it.bytes, it.client, isAnswer: it.isAnswer) }
                if watched[1].revents != 0 { takeQuestion() }
                for client in upstreams.indices
                where client + 2 < watched.count && watched[client + 2].revents != 0 {
                    let count = recv(upstreams[client], &buffer, buffer.count, dontWait)
                    if count >= 0 { take(Array(buffer[..<count]), client, isAnswer: true) }
                }
            }
            for socket in upstreams + [front] { close(socket) }
        }

        private mutating func takeQuestion() {
            var name = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let count = withUnsafeMutablePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(front, &buffer, buffer.count, dontWait, $0, &length)
                }
            }
            guard count >= 0 else { return }
            let known = names.firstIndex { $0.sin_port == name.sin_port }
            if known == nil {
                names.append(name)
                let socket = pelmeni_datagram_open(AF_INET, 1)
                var address = SocketAddress(v4: 0x7f00_0001, port: origin)
                _ = pelmeni_socket_connect(socket, &address, socklen_t(address.length))
                upstreams.append(socket)
            }
            take(Array(buffer[..<count]), known ?? names.count - 1, isAnswer: false)
        }

        private mutating func take(_ bytes: [UInt8], _ client: Int, isAnswer: Bool) {
            guard isAnswer == onAnswers, let flaw else {
                return pass(bytes, client, isAnswer: isAnswer)
            }
            place -= 1
            guard place == 0 else { return pass(bytes, client, isAnswer: isAnswer) }
            switch flaw {
            case .loses: break
            case .changesByte:
                var bytes = bytes
                bytes[bytes.count - 5] ^= 1
                pass(bytes, client, isAnswer: isAnswer)
            case .cuts: pass(bytes.dropLast(7), client, isAnswer: isAnswer)
            case .merges: pass(bytes + bytes, client, isAnswer: isAnswer)
            case .misdirects: pass(bytes, (client + 1) % names.count, isAnswer: isAnswer)
            case .repeats:
                for _ in 0..<2 { pass(bytes, client, isAnswer: isAnswer) }
            case .isLate:
                held.append(
                    Held(
                        due: pelmeni_monotonic_nanoseconds() + 250_000_000, bytes: bytes,
                        client: client, isAnswer: isAnswer))
            }
        }

        private mutating func pass(_ bytes: [UInt8], _ client: Int, isAnswer: Bool) {
            guard isAnswer else {
                _ = send(upstreams[client], bytes, bytes.count, Int32(MSG_NOSIGNAL))
                return
            }
            var name = names[client]
            _ = withUnsafePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(
                        front, bytes, bytes.count, 0, $0,
                        socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
    }
}
