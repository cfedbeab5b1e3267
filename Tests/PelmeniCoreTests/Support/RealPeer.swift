import CPelmeni
import Glibc
import PelmeniTesting

@testable import PelmeniCore

/// One end of a session over a real socket: carries out its side of a plan as far as the socket
/// goes.
final class RealPeer {
    static let bufferBytes = 256 << 10

    let isClient: Bool
    let plan: FlowPlan
    let socket: Int32
    private(set) var result: FlowResult
    private let identity: UInt64
    private var reader: FlowReader
    private(set) var isEnded = false
    /// A send failed: a later end does not count as one.
    private var isBroken = false
    private var readsFrom: UInt64
    /// Between two reads of a byte; nil reads all bytes at once.
    private var byteEach: UInt64?
    private var isReadable = true
    private var isWritable = false

    init(
        _ socket: Int32, _ plan: FlowPlan, number: Int, planNumber: Int, isClient: Bool,
        salt: UInt16
    ) {
        self.socket = socket
        self.plan = plan
        self.isClient = isClient
        result = FlowResult(isClient: isClient, plan: planNumber, number: number)
        identity = FlowContent.identity(
            salt: salt, fromClient: isClient, plan: UInt8(planNumber), number: UInt32(number))
        reader = FlowReader(salt: salt, fromClient: !isClient, plan: UInt8(planNumber))
        switch plan.reading(client: isClient) {
        case .prompt: readsFrom = 0
        case .late(let wait): readsFrom = pelmeni_monotonic_nanoseconds() + wait
        case .byteEach(let time): (readsFrom, byteEach) = (1, time)
        case .never: readsFrom = .max
        }
    }

    /// Handles the poller's event.
    func note(_ readiness: UInt32) {
        if readiness & PELMENI_POLL_WRITABLE != 0 { isWritable = true }
        if readiness & ~PELMENI_POLL_WRITABLE != 0 { isReadable = true }
        // An end that never reads still learns of a reset.
        if readsFrom == .max, readiness & PELMENI_POLL_BROKEN != 0 { end(.reset) }
    }

    /// Takes the possible steps. True when more can be done without a new event.
    func goOn(_ buffer: UnsafeMutableRawPointer) -> Bool {
        guard !isEnded else { return false }
        let hasMore = read(buffer)
        let waits = write(buffer)
        if !isEnded, result.end == .clean, result.sentEnd { end(.clean) }
        return !isEnded && (hasMore || waits)
    }

    private func read(_ buffer: UnsafeMutableRawPointer) -> Bool {
        guard isReadable, result.end == .none else { return false }
        guard readsFrom == 0 || pelmeni_monotonic_nanoseconds() >= readsFrom else {
            return readsFrom != .max
        }
        let count = pelmeni_socket_receive(socket, buffer, byteEach == nil ? Self.bufferBytes : 1)
        if let byteEach { readsFrom = pelmeni_monotonic_nanoseconds() + byteEach }
        switch count {
        case 1...:
            reader.take(buffer, count)
            result.received += count
            return true
        case 0:
            if isBroken { end(.reset) } else { result.end = .clean }
        case -Int(EAGAIN): isReadable = false
        default: end(.reset)
        }
        return false
    }

    /// True when the end has to be tried again without an event.
    private func write(_ buffer: UnsafeMutableRawPointer) -> Bool {
        guard !isEnded, !isBroken, isWritable else { return false }
        guard plan.speaksFirst(client: isClient) || result.received > 0 || result.end != .none
        else { return false }
        let total = plan.bytes(fromClient: isClient)
        while result.sent < total, isWritable {
            let count = min(total - result.sent, plan.chunk, Self.bufferBytes)
            FlowContent.fill(buffer, identity: identity, position: result.sent, count: count)
            let sent = pelmeni_socket_send(socket, buffer, count)
            if sent == -Int(EAGAIN) {
                isWritable = false
            } else if sent < 0 {
                // Earlier bytes are still unread, and then the error or an end follows.
                isBroken = true
                isReadable = true
                return true
            } else {
                result.sent += sent
            }
        }
        guard result.sent == total else { return false }
        return endOwn()
    }

    private func endOwn() -> Bool {
        if plan.resets(client: isClient) {
            // Once the proxy's kernel has all of it, no byte may be lost.
            guard pelmeni_socket_outstanding(socket) <= 0 else { return true }
            result.deliverable = result.sent
            end(.reset)
            return false
        }
        guard !result.sentEnd, plan.ends(client: isClient, sawEnd: result.end == .clean) else {
            return false
        }
        result.sentEnd = true
        _ = pelmeni_socket_shutdown_write(socket)
        return false
    }

    private func end(_ end: FlowResult.End) {
        guard !isEnded else { return }
        isEnded = true
        if result.end == .none { result.end = end }
        result.sender = reader.sender
        result.wrongAt = reader.wrongAt
        if plan.resets(client: isClient) {
            _ = pelmeni_socket_close_reset(socket)
        } else {
            _ = pelmeni_socket_close(socket)
        }
    }

    /// Gives up on it.
    func abandon() { end(.none) }
}
