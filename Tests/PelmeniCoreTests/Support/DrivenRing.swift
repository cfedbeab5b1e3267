@testable import PelmeniCore

/// Any ring, in the form that a test drives.
protocol DrivenRing: AnyObject {
    var enters: UInt64 { get }
    var mayMissEnds: Bool { get }
    func attach(_ socket: Int32, token: Token, isShared: Bool, isUnix: Bool) -> Int32
    func detach(_ token: Token)
    func accept(_ listener: Int32, multishot: Bool, token: Token)
    func receive(_ socket: Int32, limit: Int, isUnix: Bool, expectsBytes: Bool, token: Token)
    func send(_ socket: Int32, first: PieceID, count: Int, token: Token)
    func receiveDatagrams(_ socket: Int32, isUnix: Bool, isListener: Bool, token: Token)
    func sendDatagrams(
        _ socket: Int32, _ outgoing: UnsafeMutablePointer<OutgoingDatagram>, token: Token)
    func awaitWritable(_ socket: Int32, slot: UInt32, token: Token)
    func cancel(_ target: Token)
    func cancelWritable(_ target: Token, slot: UInt32)
    func submit(until deadline: UInt64) -> Int32
    func next() -> Completion?
    func refill()
    var calls: any SystemCalls { get }
}

/// One ring behind it.
final class RingBox<R: Ring & ~Copyable>: DrivenRing {
    private var ring: R

    init(_ ring: consuming R) { self.ring = ring }

    var enters: UInt64 { ring.enters }

    var mayMissEnds: Bool { ring.mayMissEnds }

    func attach(_ socket: Int32, token: Token, isShared: Bool, isUnix: Bool) -> Int32 {
        ring.attach(socket, token: token, isShared: isShared, isUnix: isUnix)
    }

    func detach(_ token: Token) { ring.detach(token) }

    func accept(_ listener: Int32, multishot: Bool, token: Token) {
        ring.accept(listener, multishot: multishot, token: token)
    }

    func receive(_ socket: Int32, limit: Int, isUnix: Bool, expectsBytes: Bool, token: Token) {
        ring.receive(
            socket, blockClass: .small, limit: limit, isUnix: isUnix, expectsBytes: expectsBytes,
            token: token)
    }

    func send(_ socket: Int32, first: PieceID, count: Int, token: Token) {
        ring.send(socket, first: first, count: count, token: token)
    }

    func receiveDatagrams(_ socket: Int32, isUnix: Bool, isListener: Bool, token: Token) {
        ring.receiveDatagrams(socket, isUnix: isUnix, isListener: isListener, token: token)
    }

    func sendDatagrams(
        _ socket: Int32, _ outgoing: UnsafeMutablePointer<OutgoingDatagram>, token: Token
    ) {
        ring.sendDatagrams(socket, outgoing, token: token)
    }

    func awaitWritable(_ socket: Int32, slot: UInt32, token: Token) {
        ring.awaitWritable(socket, slot: slot, token: token)
    }

    func cancel(_ target: Token) { ring.cancel(target) }
    func cancelWritable(_ target: Token, slot: UInt32) { ring.cancelWritable(target, slot: slot) }
    func submit(until deadline: UInt64) -> Int32 { ring.submit(until: deadline) }
    func next() -> Completion? { ring.next() }
    func refill() { ring.refill() }
    var calls: any SystemCalls { ring.calls }
}
