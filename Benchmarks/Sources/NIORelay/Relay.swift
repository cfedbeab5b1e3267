import NIOCore
import NIOPosix

/// A TCP relay as SwiftNIO's own examples and documentation teach it: a bootstrap for each
/// side, and one handler on either channel that hands over to the other.
struct Relay: Sendable {
    let options: Options
    let listen: Int
    let origin: Int

    /// NIO's own: it adapts between 64 bytes and, unless told otherwise, 64 KiB.
    private var receiveAllocator: AdaptiveRecvByteBufferAllocator {
        AdaptiveRecvByteBufferAllocator(
            minimum: 64, initial: 2048, maximum: options.receiveBytesMax)
    }

    /// A reader may be two full reads behind before its peer is read no more. With NIO's own marks
    /// of 32 and 64 KiB, one read would stop the peer.
    private var waterMark: ChannelOptions.Types.WriteBufferWaterMark {
        ChannelOptions.Types.WriteBufferWaterMark(
            low: options.receiveBytesMax / 2, high: 2 * options.receiveBytesMax)
    }

    func start(on group: MultiThreadedEventLoopGroup) -> EventLoopFuture<any Channel> {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { client in
                client.eventLoop.makeCompletedFuture {
                    let (front, back) = GlueHandler.pair()
                    front.connectPartner = connector(to: origin, with: back)
                    try client.pipeline.syncOperations.addHandler(front)
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.recvAllocator, value: receiveAllocator)
            .childChannelOption(.writeBufferWaterMark, value: waterMark)
            .bind(host: "127.0.0.1", port: listen)
    }

    /// Connects on the client's own event loop, so that no byte changes its thread.
    private func connector(
        to port: Int, with handler: GlueHandler
    ) -> (any EventLoop) throws -> EventLoopFuture<any Channel> {
        { loop in
            let bound = NIOLoopBound(handler, eventLoop: loop)
            // An address and no name: nothing has to be resolved.
            let origin = try SocketAddress(ipAddress: "127.0.0.1", port: port)
            return ClientBootstrap(group: loop)
                .channelInitializer { upstream in
                    upstream.eventLoop.makeCompletedFuture {
                        try upstream.pipeline.syncOperations.addHandler(bound.value)
                    }
                }
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .channelOption(.recvAllocator, value: receiveAllocator)
                .channelOption(.writeBufferWaterMark, value: waterMark)
                .connect(to: origin)
        }
    }
}
