import NIOCore
import NIOHTTP1
import NIOPosix

/// A proxy of HTTP/1.1 as SwiftNIO's own examples and documentation teach it: its codecs on either
/// channel, one handler behind each, and a pool of connections to the origin for each event loop.
struct HTTPRelay: Sendable {
    let listen: Int
    let origin: Int

    func start(on group: MultiThreadedEventLoopGroup) throws -> EventLoopFuture<any Channel> {
        let port = origin
        var made: [ObjectIdentifier: NIOLoopBound<UpstreamPool>] = [:]
        for loop in group.makeIterator() {
            made[ObjectIdentifier(loop)] = try loop.submit {
                NIOLoopBound(UpstreamPool(port: port, loop: loop), eventLoop: loop)
            }.wait()
        }
        let pools = made
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { client in
                client.eventLoop.makeCompletedFuture {
                    guard let pool = pools[ObjectIdentifier(client.eventLoop)]?.value else {
                        return
                    }
                    let pipeline = client.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(
                        withPipeliningAssistance: true, withErrorHandling: true)
                    try pipeline.addHandler(HTTPFrontHandler(pool))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: UpstreamPool.waterMark)
            .bind(host: "127.0.0.1", port: listen)
    }
}
