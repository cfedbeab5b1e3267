import NIOCore
import NIOHTTP1
import NIOPosix

/// Connections to the origin that are kept for later requests of any client, all of one event loop.
final class UpstreamPool {
    /// A reader may be two full reads behind before its peer is read no more, as in ``Relay``.
    static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 32 << 10, high: 128 << 10)

    private let port: Int
    private let loop: any EventLoop
    private var idle: [HTTPBackHandler] = []

    init(port: Int, loop: any EventLoop) {
        self.port = port
        self.loop = loop
    }

    /// The connection that was used last: its memory is warm.
    func take() -> HTTPBackHandler? { idle.popLast() }

    func put(_ upstream: HTTPBackHandler) { idle.append(upstream) }

    func remove(_ upstream: HTTPBackHandler) { idle.removeAll { $0 === upstream } }

    func connect(_ then: @escaping (HTTPBackHandler?) -> Void) {
        let handler = HTTPBackHandler(self)
        let bound = NIOLoopBound(handler, eventLoop: loop)
        guard let origin = try? SocketAddress(ipAddress: "127.0.0.1", port: port) else {
            return then(nil)
        }
        ClientBootstrap(group: loop)
            .channelInitializer { upstream in
                upstream.eventLoop.makeCompletedFuture {
                    let pipeline = upstream.pipeline.syncOperations
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(bound.value)
                }
            }
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: Self.waterMark)
            .connect(to: origin)
            .assumeIsolated()
            .whenComplete { result in
                if case .success = result { then(handler) } else { then(nil) }
            }
    }
}
