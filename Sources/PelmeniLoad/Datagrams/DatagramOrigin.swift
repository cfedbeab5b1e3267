internal import CPelmeni
internal import Glibc
internal import PelmeniCore
internal import PelmeniRuntime

/// A datagram origin, on a thread and a port of its own on the loopback.
final class DatagramOrigin: Sendable {
    let port: UInt16
    private let signal: StopSignal
    private let thread: LoadThread<OriginResult>

    init(_ kind: DatagramOriginKind) throws(SystemError) {
        let signal = try StopSignal()
        let (socket, port) = try DatagramSockets.bind()
        do throws(SystemError) {
            if case .sink(takesTrains: true) = kind {
                let error = pelmeni_datagram_configure(socket, AF_INET, 0, -1)
                guard error == 0 else { throw SystemError(code: error) }
            }
            thread = try LoadThread("origin") {
                defer { _ = pelmeni_socket_close(socket) }
                do throws(SystemError) {
                    var worker = try DatagramOriginWorker(socket, kind, signal: signal)
                    worker.run()
                    return worker.result
                } catch {
                    return OriginResult(failure: error)
                }
            }
        } catch {
            _ = pelmeni_socket_close(socket)
            throw error
        }
        self.signal = signal
        self.port = port
    }

    /// Ends the origin, and returns its counts. Call it once.
    func stop() async -> OriginResult {
        signal.stop()
        return await thread.value()
    }
}
