internal import CPelmeni
internal import Glibc
internal import PelmeniCore
internal import PelmeniRuntime

/// A server for the load, on a thread and a port of its own on the loopback.
final class Origin: Sendable {
    let port: UInt16
    private let signal: StopSignal
    private let thread: LoadThread<OriginResult>

    init(_ kind: OriginKind, limits: OriginLimits = OriginLimits()) throws(SystemError) {
        let signal = try StopSignal()
        let listener = try Self.listen()
        do {
            port = try Self.port(of: listener)
            thread = try LoadThread("origin") {
                defer { _ = pelmeni_socket_close(listener) }
                do throws(SystemError) {
                    var worker = try OriginWorker(
                        listener, kind: kind, limits: limits, signal: signal)
                    worker.run()
                    return worker.result
                } catch {
                    return OriginResult(failure: error)
                }
            }
        } catch {
            _ = pelmeni_socket_close(listener)
            throw error
        }
        self.signal = signal
    }

    /// Lets open connections end, for a second at most, and returns the origin's counts. Call it
    /// once.
    func stop() async -> OriginResult {
        signal.stop()
        return await thread.value()
    }

    private static func listen() throws(SystemError) -> Int32 {
        let listener = pelmeni_socket_open(AF_INET, 1)
        guard listener >= 0 else { throw SystemError(code: listener) }
        var address = SocketAddress(v4: 0x7f00_0001, port: 0)
        let length = socklen_t(address.length)
        var options = SocketOptions()
        options.keepAliveSeconds = 0
        var error = SocketCalls.configure(listener, family: AF_INET, options: options)
        if error == 0 { error = pelmeni_socket_bind(listener, &address, length, 0) }
        if error == 0 { error = pelmeni_socket_listen(listener, 1024) }
        guard error == 0 else {
            _ = pelmeni_socket_close(listener)
            throw SystemError(code: error)
        }
        return listener
    }

    private static func port(of listener: Int32) throws(SystemError) -> UInt16 {
        var address = SocketAddress()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let error = pelmeni_socket_name(listener, &address, &length)
        guard error == 0 else { throw SystemError(code: error) }
        address.length = length
        return address.port ?? 0
    }
}
