internal import CPelmeni
internal import Glibc

/// What the hook that runs may see and has said: one a worker, in memory of its own.
///
/// Another thread reads ``since`` and ``stage`` to find a hook that blocks its worker.
@usableFromInline
package struct HookCall {
    /// Bytes of a reason, at most.
    static let reasonMax = 200

    var isEnd = false
    var isToClient = false
    var isMessage = false
    /// The client's address: the row of an IP address, or the name of a datagram client.
    var client = AddressRow()
    var clientName: UnsafePointer<SocketAddress>?
    /// The upstream's number; negative before there is one.
    var upstream: Int32 = -1
    /// The chain of the session's pair.
    var chain: UnsafePointer<HookChain>?

    // The answer.
    var reply = BufferRow()
    var hasReply = false
    /// Buffers emitted by this call.
    let emitted: UnsafeMutablePointer<BufferRow>
    var emittedCount = 0
    var emittedBytes = 0
    /// Why the hook closed the session, in UTF-8.
    let reason: UnsafeMutablePointer<UInt8>
    var reasonCount = 0
    /// The hook that runs, or ran last.
    package private(set) var stage: Int32 = -1
    package private(set) var pair: UInt16 = 0

    /// Memory for one worker; it lives until ``destroy(_:)``.
    package static func create() -> UnsafeMutablePointer<HookCall> {
        let call = UnsafeMutablePointer<HookCall>.allocate(capacity: 1)
        call.initialize(
            to: HookCall(
                emitted: .allocate(capacity: Buffer.emitCountMax),
                reason: .allocate(capacity: reasonMax)))
        return call
    }

    package static func destroy(_ call: UnsafeMutablePointer<HookCall>) {
        call.pointee.emitted.deallocate()
        call.pointee.reason.deallocate()
        call.deallocate()
    }

    private init(
        emitted: UnsafeMutablePointer<BufferRow>, reason: UnsafeMutablePointer<UInt8>
    ) {
        self.emitted = emitted
        self.reason = reason
    }

    /// Begins a call of a hook.
    @inline(__always)
    mutating func begin(stage: Int, pair: PairID) {
        self.stage = Int32(truncatingIfNeeded: stage)
        self.pair = pair.rawValue
        hasReply = false
        emittedCount = 0
        emittedBytes = 0
        reasonCount = 0
    }

    mutating func setReason(_ text: UnsafeRawBufferPointer) {
        reasonCount = min(text.count, Self.reasonMax)
        if let from = text.baseAddress { memcpy(reason, from, reasonCount) }
    }

    mutating func setReason(_ text: StaticString) {
        text.withUTF8Buffer { setReason(UnsafeRawBufferPointer($0)) }
    }

    /// The reason of the last call that closed its session.
    package var reasonText: String {
        String(decoding: UnsafeBufferPointer(start: reason, count: reasonCount), as: UTF8.self)
    }
}
