import NIOCore
import NIOHTTP1

/// A connection to the origin: of one client's request, or in the pool.
final class HTTPBackHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    /// Nil in the pool.
    var front: HTTPFrontHandler?
    private let pool: UpstreamPool
    private var context: ChannelHandlerContext?
    private var keepsAlive = true
    private var requestIsWhole = false
    private var readIsHeld = false

    init(_ pool: UpstreamPool) { self.pool = pool }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    // MARK: Requests

    func send(_ part: HTTPClientRequestPart) {
        switch part {
        case .head: requestIsWhole = false
        case .end: requestIsWhole = true
        case .body: break
        }
        context?.write(wrapOutboundOut(part), promise: nil)
    }

    func flush() { context?.flush() }

    func close() {
        front = nil
        context?.close(promise: nil)
    }

    // MARK: Responses

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let front else { return context.close(promise: nil) }
        switch unwrapInboundIn(data) {
        case .head(let head):
            keepsAlive = head.isKeepAlive
            front.respond(head)
        case .body(let buffer): front.respond(.body(.byteBuffer(buffer)))
        case .end(let trailers): finish(front, trailers, context)
        }
    }

    private func finish(
        _ front: HTTPFrontHandler, _ trailers: HTTPHeaders?, _ context: ChannelHandlerContext
    ) {
        self.front = nil
        front.respond(.end(trailers))
        front.flush()
        guard requestIsWhole else {
            front.close()
            return context.close(promise: nil)
        }
        if keepsAlive { pool.put(self) } else { context.close(promise: nil) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        front?.flush()
        context.fireChannelReadComplete()
    }

    // MARK: Pace and ends

    var canTake: Bool { context?.channel.isWritable ?? false }

    func read(context: ChannelHandlerContext) {
        if front?.canTake ?? true { context.read() } else { readIsHeld = true }
    }

    func readIfHeld() {
        guard readIsHeld, let context, front?.canTake ?? true else { return }
        readIsHeld = false
        context.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { front?.readIfHeld() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        pool.remove(self)
        front?.close()
        front = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
