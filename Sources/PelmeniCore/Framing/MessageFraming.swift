/// A framing of your own: it separates the messages of a stream, and writes the bytes around one.
///
/// Registered once with ``CustomFraming`` and used as ``Framing/custom(_:)``. For headers that have
/// the length of their message, ``HeaderFraming`` is less work.
///
/// All workers call its functions concurrently, on their threads. The functions must neither wait
/// nor keep the bytes, and a worker relays nothing else during a call. Answers are checked: an
/// impossible answer ends the stream, and nothing else.
public protocol MessageFraming: Sendable {
    /// The name in logs and descriptions. Read once.
    var name: String { get }

    /// Whether the end of a stream also ends a begun message, like a last line. Otherwise a stream
    /// that ends inside a message is an error. Read once; false by default.
    var endsWithStream: Bool { get }

    /// One step into a stream.
    ///
    /// - Parameters:
    ///   - bytes: the bytes at hand, never empty. The stream was cut anywhere: the bytes of the
    ///     next call begin behind the taken ones.
    ///   - state: yours, kept for each stream, and zero at the beginning of a message.
    /// - Returns: the content at the beginning of the bytes. A payload is handed on without another
    ///   call until all of it has come.
    func read(_ bytes: Span<UInt8>, _ state: inout FramingState) -> FramingStep

    /// The bytes around a payload of 0 to 65,507 bytes. Nil when it cannot be written: the datagram
    /// is dropped as ``DropReason/oversize`` then.
    func write(around payload: Span<UInt8>) -> FrameEnvelope?
}

extension MessageFraming {
    /// A stream that ends inside a message is an error.
    public var endsWithStream: Bool { false }
}
