import CPelmeni
import Glibc

@testable import PelmeniCore
@testable import PelmeniLoad

/// Answers the first request of each connection with a fixed text, and ends the connection; with
/// blocking calls of its own.
final class FixedOrigin: Sendable {
    let port: UInt16
    private let listener: Int32
    private let thread: LoadThread<Bool>

    init(_ text: String) throws {
        let (listener, port) = try BlockingSocket.listen()
        self.listener = listener
        self.port = port
        thread = try LoadThread("fixed") {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let socket = pelmeni_socket_accept(listener, 0)
                guard socket >= 0 else { return true }
                // The load's requests are short, and come whole.
                if recv(socket, &buffer, buffer.count, 0) > 0 {
                    BlockingSocket.write(socket, text.utf8)
                }
                _ = pelmeni_socket_close(socket)
            }
        }
    }

    func stop() async {
        _ = pelmeni_socket_shutdown_both(listener)
        _ = await thread.value()
        _ = pelmeni_socket_close(listener)
    }
}
