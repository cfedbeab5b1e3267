import NIOCore
import NIOHTTP1

/// A client's side: hands its requests to a connection of the pool, one after the other.
final class HTTPFrontHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let pool: UpstreamPool
    private var context: ChannelHandlerContext?
    private var upstream: HTTPBackHandler?
    /// What came before the upstream was connected.
    private var early: [HTTPClientRequestPart] = []
    private var isConnecting = false
    private var keepsAlive = true
    private var readIsHeld = false

    init(_ pool: UpstreamPool) { self.pool = pool }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head)
        case .body(let buffer): pass(.body(.byteBuffer(buffer)))
        case .end(let trailers): pass(.end(trailers))
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        keepsAlive = head.isKeepAlive
        var head = head
        head.headers.remove(name: "connection")
        if let kept = pool.take() {
            attach(kept)
        } else {
            isConnecting = true
            pool.connect { self.connected($0) }
        }
        pass(.head(head))
    }

    private func connected(_ found: HTTPBackHandler?) {
        isConnecting = false
        guard let context else {
            found?.close()
            return
        }
        guard let found else { return context.close(promise: nil) }
        attach(found)
        for part in early { found.send(part) }
        early = []
        found.flush()
        readIfHeld()
    }

    private func attach(_ found: HTTPBackHandler) {
        upstream = found
        found.front = self
    }

    private func pass(_ part: HTTPClientRequestPart) {
        if let upstream { upstream.send(part) } else if isConnecting { early.append(part) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Once for all that was read, and not for each part.
        upstream?.flush()
        context.fireChannelReadComplete()
    }

    // MARK: Responses

    func respond(_ part: HTTPServerResponsePart) {
        guard let context else { return }
        guard case .end = part else { return context.write(wrapOutboundOut(part), promise: nil) }
        upstream = nil
        guard keepsAlive else {
            context.writeAndFlush(wrapOutboundOut(part)).assumeIsolated().whenComplete { _ in
                self.close()
            }
            return
        }
        context.write(wrapOutboundOut(part), promise: nil)
        readIfHeld()
    }

    /// The response's head, as its client may have it.
    func respond(_ head: HTTPResponseHead) {
        var head = head
        head.headers.remove(name: "connection")
        if !keepsAlive { head.headers.add(name: "connection", value: "close") }
        respond(.head(head))
    }

    func flush() { context?.flush() }

    func close() { context?.close(promise: nil) }

    // MARK: Pace and ends

    var canTake: Bool { context?.channel.isWritable ?? false }

    func read(context: ChannelHandlerContext) {
        if !isConnecting, upstream?.canTake ?? true { context.read() } else { readIsHeld = true }
    }

    func readIfHeld() {
        guard readIsHeld, let context, upstream?.canTake ?? true else { return }
        readIsHeld = false
        context.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { upstream?.readIfHeld() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        upstream?.close()
        upstream = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
