/// The actions of one end of a session, and the bytes and the end that it saw.
package struct FlowResult: Sendable {
    package enum End: UInt8, Sendable {
        /// Nothing yet.
        case none
        /// The stream ended in order.
        case clean
        /// A reset or another error.
        case reset
        /// Never connected.
        case refused
    }

    package var isClient: Bool
    package var plan: Int
    package var number: Int
    /// Bytes that this end handed to its kernel.
    package var sent = 0
    package var sentEnd = false
    package var received = 0
    package var end = End.none
    /// The sender of the received bytes, once known.
    package var sender: Int?
    package var wrongAt: Int?
    /// An upstream connection that the proxy never read from: another dial won. Or one that a
    /// driver closed before a byte crossed it.
    package var isAbandoned = false
    /// Bytes of this end that its own reset did not destroy, where the world knows them.
    package var deliverable: Int?

    /// The session passed hooks; below, one of them finished it.
    package var isHooked = false
    package var isFinished = false
    /// Only some of the bytes that hooks made arrived: ``received`` is at most so many.
    package var isInexact = false

    package init(isClient: Bool, plan: Int, number: Int) {
        self.isClient = isClient
        self.plan = plan
        self.number = number
    }

    package var name: String { "\(isClient ? "client" : "upstream") \(number) of plan \(plan)" }
}
