internal import CPelmeni
internal import Glibc

/// What the hook that runs may see and has said: one a worker, in memory of its own.
///
/// Another thread reads ``running`` to find a hook that blocks its worker.
@usableFromInline
package struct HookCall {
    /// Bytes of a reason, at most.
    static let reasonMax = 200

    var isEnd = false
    var isToClient = false
    var isMessage = false
    /// The session's row; and the name of a datagram client, whose row has no address.
    var row: UnsafePointer<HookRow>?
    var clientName: UnsafePointer<SocketAddress>?

    /// The asynchronous call that begins: its unit, its number, and where its task runs.
    var parked = (row: BufferRow(), number: UInt64(0))
    var executor: Unmanaged<HookExecutor>?
    /// Where asynchronous hooks answer to.
    let answers: Unmanaged<HookAnswers>

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
    private(set) var stage = -1
    private(set) var pair = PairID(0)
    /// The call that runs, or 0: its number in 32 bits, the pair's in 16, and the hook's plus one.
    private var running: UInt64 = 0
    private var serial: UInt64 = 0

    /// Memory for one worker; it lives until ``destroy(_:)``.
    ///
    /// - Parameter event: wakes the worker; negative is none.
    package static func create(event: Int32) -> UnsafeMutablePointer<HookCall> {
        let call = UnsafeMutablePointer<HookCall>.allocate(capacity: 1)
        call.initialize(
            to: HookCall(
                emitted: .allocate(capacity: Buffer.emitCountMax),
                reason: .allocate(capacity: reasonMax),
                answers: .passRetained(HookAnswers(event: event, call: call))))
        return call
    }

    package static func destroy(_ call: UnsafeMutablePointer<HookCall>) {
        call.pointee.emitted.deallocate()
        call.pointee.reason.deallocate()
        call.pointee.answers.release()
        call.deallocate()
    }

    private init(
        emitted: UnsafeMutablePointer<BufferRow>, reason: UnsafeMutablePointer<UInt8>,
        answers: Unmanaged<HookAnswers>
    ) {
        self.answers = answers
        self.emitted = emitted
        self.reason = reason
    }

    /// Begins a call of a hook.
    @inline(__always)
    mutating func begin(stage: Int, pair: PairID) {
        self.stage = stage
        self.pair = pair
        mark(stage: stage, pair: pair)
        hasReply = false
        emittedCount = 0
        emittedBytes = 0
        reasonCount = 0
    }

    /// A hook's own code runs, until ``end()``: for the watch.
    @inline(__always)
    mutating func mark(stage: Int, pair: PairID) {
        serial &+= 1
        let place = UInt64(pair.rawValue) << 16 | UInt64(truncatingIfNeeded: stage &+ 1)
        pelmeni_counter_set(&running, serial << 32 | place)
    }

    /// The hook has returned.
    @inline(__always)
    mutating func end() { pelmeni_counter_set(&running, 0) }

    /// The call that runs, for another thread.
    static func running(_ call: UnsafeMutablePointer<HookCall>) -> UInt64 {
        withUnsafePointer(to: &call.pointee.running) { pelmeni_counter_get($0) }
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
