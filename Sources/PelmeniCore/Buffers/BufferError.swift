/// Why a ``Buffer`` did not do what it was asked to.
public enum BufferError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The bytes would be more than ``Buffer/bytesMax``.
    case tooLong(Int)
    /// ``Buffer/hold(last:)`` of more than ``Buffer/holdMax`` bytes.
    case heldTooMany(Int)
    /// ``Buffer/hold(last:)`` of a message, which is whole.
    case heldMessage
    /// One call of a hook emitted more than ``Buffer/emitMax`` bytes, or buffers.
    case emittedTooMuch

    /// A sentence with the limit.
    public var description: String {
        switch self {
        case .tooLong(let bytes): "a buffer has at most \(Buffer.bytesMax) bytes, not \(bytes)"
        case .heldTooMany(let bytes): "a hook holds at most \(Buffer.holdMax) bytes, not \(bytes)"
        case .heldMessage: "a message is whole: no part of it can be held back"
        case .emittedTooMuch:
            "a hook emits at most \(Buffer.emitMax) bytes, in \(Buffer.emitCountMax) buffers, a call"
        }
    }
}
