import NIOCore

/// Hands over what one channel receives to its partner's channel, at the pace at which the
/// partner takes it. Both channels are on one event loop.
final class GlueHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Called once this side is active; only the client's side has one.
    var connectPartner: ((any EventLoop) throws -> EventLoopFuture<any Channel>)?

    private enum Stage {
        case connecting
        case up
        case gone
    }

    private var partner: GlueHandler?
    private var context: ChannelHandlerContext?
    private var stage = Stage.connecting
    /// NIO asked for a read while the partner could take nothing.
    private var readIsHeld = false
    /// What came before the partner was up. NIO reads to the end as soon as it sees that the
    /// other side has half-closed, whether it was asked to read or not.
    private var early: [ByteBuffer] = []
    private var endedEarly = false

    private init() {}

    static func pair() -> (GlueHandler, GlueHandler) {
        let (front, back) = (GlueHandler(), GlueHandler())
        front.partner = back
        back.partner = front
        return (front, back)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stage = .gone
        self.context = nil
        // The two hold each other.
        partner = nil
        connectPartner = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        stage = .up
        if let connect = connectPartner {
            connectPartner = nil
            self.connect(connect, context: context)
        } else if let partner, partner.stage == .up {
            partner.partnerIsUp()
        } else {
            // The client has gone while its upstream was being connected.
            context.close(promise: nil)
        }
        context.fireChannelActive()
    }

    private func connect(
        _ connect: (any EventLoop) throws -> EventLoopFuture<any Channel>,
        context: ChannelHandlerContext
    ) {
        do {
            try connect(context.eventLoop).assumeIsolated().whenFailure { _ in
                self.context?.close(promise: nil)
            }
        } catch {
            context.close(promise: nil)
        }
    }

    private func partnerIsUp() {
        for buffer in early { partner?.take(buffer) }
        early = []
        partner?.flush()
        if endedEarly { partner?.end(.output) }
        readIfHeld()
    }

    // MARK: towards the partner

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        switch partner?.stage {
        case .up: partner?.take(buffer)
        case .connecting: early.append(buffer)
        case .gone, nil: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Once for all that was read, and not for each read.
        partner?.flush()
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent {
            if partner?.stage == .connecting { endedEarly = true } else { partner?.end(.output) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        stage = .gone
        partner?.end(.all)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func read(context: ChannelHandlerContext) {
        if let partner, partner.canTake {
            context.read()
        } else {
            readIsHeld = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { partner?.readIfHeld() }
        context.fireChannelWritabilityChanged()
    }

    // MARK: from the partner

    private var canTake: Bool { stage == .up && context?.channel.isWritable == true }

    private func take(_ buffer: ByteBuffer) {
        context?.write(wrapOutboundOut(buffer), promise: nil)
    }

    private func flush() {
        if stage == .up { context?.flush() }
    }

    private func readIfHeld() {
        guard readIsHeld, let context, let partner, partner.canTake else { return }
        readIsHeld = false
        context.read()
    }

    /// Closes after all that was handed over is written: a plain close would drop it, and so
    /// would one of the output alone when the input has ended already.
    private func end(_ mode: CloseMode) {
        guard let context else { return }
        guard stage == .up else { return context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
            self.context?.close(mode: mode, promise: nil)
        }
    }
}
