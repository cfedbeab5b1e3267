/// A framing of your own: how messages are told apart in a stream, and what is written around one.
///
/// Made known once with ``CustomFraming`` and used as ``Framing/custom(_:)``. Where every header
/// says how long its message is, ``HeaderFraming`` is less to write.
///
/// Its functions are called by all workers at once, on their threads. They must neither wait nor
/// keep the bytes they see, and a worker that is in one relays nothing else meanwhile. What they
/// answer is checked: an answer that cannot be ends the stream, and nothing else.
public protocol MessageFraming: Sendable {
    /// What logs and descriptions call it. Asked once.
    var name: String { get }

    /// Whether the end of a stream also ends a message that has begun, as it does a last line.
    /// Otherwise a stream that ends inside a message is an error. Asked once; false unless you
    /// say so.
    var endsWithStream: Bool { get }

    /// One step into a stream.
    ///
    /// - Parameters:
    ///   - bytes: what is at hand, never empty. The stream was cut anywhere: in the next call they
    ///     begin where those that this one took end.
    ///   - state: yours, kept for each stream, and zero at the beginning of a message.
    /// - Returns: what the bytes begin with. A payload is handed on without asking again until all
    ///   of it has come.
    func read(_ bytes: Span<UInt8>, _ state: inout FramingState) -> FramingStep

    /// What goes around a payload of 0 to 65,507 bytes. Nil when it cannot be written: the datagram
    /// is dropped as ``DropReason/oversize`` then.
    func write(around payload: Span<UInt8>) -> FrameEnvelope?
}

extension MessageFraming {
    /// A stream that ends inside a message is an error.
    public var endsWithStream: Bool { false }
}
