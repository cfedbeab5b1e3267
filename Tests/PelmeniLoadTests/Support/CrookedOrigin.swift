import CPelmeni
import Glibc
import Synchronization

@testable import PelmeniCore
@testable import PelmeniLoad

/// An echo that gets one byte of the stream wrong, with blocking calls of its own.
final class CrookedOrigin: Sendable {
    enum Flaw: String, CaseIterable, Sendable {
        case changes
        case drops
        case doubles
        case endsEarly
        case resets
        case isSilent
    }

    let port: UInt16
    private let listener: Int32
    private let thread: LoadThread<Bool>

    /// - Parameter place: the position of the wrong byte in each connection.
    init(_ flaw: Flaw, place: Int) throws {
        let (listener, port) = try BlockingSocket.listen()
        self.listener = listener
        self.port = port
        thread = try LoadThread("crooked") {
            while true {
                let socket = pelmeni_socket_accept(listener, 0)
                guard socket >= 0 else { return true }
                Self.serve(socket, flaw, place)
            }
        }
    }

    func stop() async {
        _ = pelmeni_socket_shutdown_both(listener)
        _ = await thread.value()
        _ = pelmeni_socket_close(listener)
    }

    private static func serve(_ socket: Int32, _ flaw: Flaw, _ place: Int) {
        var position = 0
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            var answer = Array(buffer[..<count])
            let at = place - position
            position += count
            if answer.indices.contains(at) {
                switch flaw {
                case .changes: answer[at] ^= 0x80
                case .drops: answer.remove(at: at)
                case .doubles: answer.insert(answer[at], at: at)
                case .endsEarly: answer.removeSubrange(at...)
                case .resets:
                    _ = pelmeni_socket_close_reset(socket)
                    return
                case .isSilent: continue
                }
            }
            if flaw == .isSilent { continue }
            _ = send(socket, answer, answer.count, Int32(MSG_NOSIGNAL))
            if flaw == .endsEarly, position > place { break }
        }
        _ = pelmeni_socket_close(socket)
    }
}
