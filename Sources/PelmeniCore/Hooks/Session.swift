/// The session of a hook's call: lent for the call, and gone after it.
///
/// It cannot be kept: it is neither copied nor moved. Copy what you need of it.
public struct Session: ~Copyable {
    @usableFromInline
    let call: UnsafeMutablePointer<HookCall>

    @inline(__always)
    init(_ call: UnsafeMutablePointer<HookCall>) { self.call = call }

    /// The client's address. A Unix stream has none: it is `unnamed`.
    public var client: Address {
        if let name = call.pointee.clientName { return Address(name.pointee) }
        return Address(call.pointee.row?.pointee.client.row ?? AddressRow())
    }

    /// The number of the upstream in the client's list; nil while none has accepted.
    public var upstream: Int? {
        guard let row = call.pointee.row, row.pointee.upstream >= 0 else { return nil }
        return Int(row.pointee.upstream)
    }

    /// Whether the unit is the last one of its direction: the stream has ended behind it. Once for
    /// each direction of a stream without framing, with the bytes held back or with none. Never for
    /// messages and datagrams.
    public var isEnd: Bool { call.pointee.isEnd }

    /// Whether the unit goes to the client: true in ``BeforeRespond``.
    public var isToClient: Bool { call.pointee.isToClient }

    /// Whether the unit is a whole message or datagram, rather than a chunk of a stream, which is
    /// cut anywhere.
    public var isMessage: Bool { call.pointee.isMessage }

    /// Sends a buffer before the unit: through the hooks behind this one, and on. A message each,
    /// where messages cross the pair.
    ///
    /// - Throws: ``BufferError/emittedTooMuch`` above ``Buffer/emitMax`` bytes or
    ///   ``Buffer/emitCountMax`` buffers in one call.
    public func emit(_ buffer: consuming Buffer) throws(BufferError) {
        let bytes = call.pointee.emittedBytes + buffer.count
        guard call.pointee.emittedCount < Buffer.emitCountMax, bytes <= Buffer.emitMax else {
            throw .emittedTooMuch
        }
        var row = buffer.takeRow()
        row.takeOver()
        row.held = 0
        call.pointee.emitted[call.pointee.emittedCount] = row
        call.pointee.emittedCount += 1
        call.pointee.emittedBytes = bytes
    }

    /// The ticket of the asynchronous call that begins.
    func takeTicket() -> HookTicket {
        let row = call.pointee.parked.row
        call.pointee.parked.row = BufferRow()
        return HookTicket(
            number: call.pointee.parked.number, answers: call.pointee.answers.takeUnretainedValue(),
            row: row)
    }

    // MARK: Answers

    /// A verdict's number; what it carries is noted.
    @inlinable
    func note(_ verdict: consuming Verdict) -> UInt8 {
        switch consume verdict {
        case .forward: return VerdictCode.forward.rawValue
        case .release: return VerdictCode.release.rawValue
        case .drop: return VerdictCode.drop.rawValue
        case .reply(let buffer):
            noteReply(buffer)
            return VerdictCode.reply.rawValue
        case .finish(let buffer):
            if let buffer { noteReply(buffer) }
            return VerdictCode.finish.rawValue
        case .close(let reason):
            note(reason)
            return VerdictCode.close.rawValue
        }
    }

    @usableFromInline
    func noteReply(_ buffer: consuming Buffer) {
        call.pointee.reply = buffer.takeRow()
        call.pointee.reply.takeOver()
        call.pointee.reply.held = 0
        call.pointee.hasReply = true
    }

    @usableFromInline
    func note(_ reason: StaticString) {
        reason.withUTF8Buffer { call.pointee.setReason(UnsafeRawBufferPointer($0)) }
    }

    /// An error closes the session, and its text is the reason.
    @usableFromInline
    func note(_ error: any Error) -> UInt8 {
        var text = "\(error)"
        text.withUTF8 { call.pointee.setReason(UnsafeRawBufferPointer($0)) }
        return VerdictCode.close.rawValue
    }
}
