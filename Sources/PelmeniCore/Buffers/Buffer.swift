/// The bytes of a chunk, a message or a datagram, which a hook may read, edit, replace or keep.
///
/// A buffer owns its bytes: part of a block of the worker's pool, or memory of its own. Edits are
/// made in place while they fit; a longer buffer moves. A buffer may be kept, passed to another
/// thread, and sent in another session: bytes of a block that another worker owns are copied then.
@frozen
public struct Buffer: ~Copyable, @unchecked Sendable {
    /// Bytes of the longest buffer: 1 MiB.
    public static let bytesMax = 1 << 20
    /// Bytes that a hook may hold back at once: 64 KiB.
    public static let holdMax = 64 << 10
    /// Bytes that one call of a hook may emit: 256 KiB.
    public static let emitMax = 256 << 10
    /// Buffers that one call of a hook may emit.
    public static let emitCountMax = 256

    @usableFromInline
    var row: BufferRow

    @inline(__always)
    init(_ row: BufferRow) { self.row = row }

    /// A buffer without bytes.
    public init() { row = BufferRow() }

    /// A copy of bytes.
    ///
    /// - Throws: ``BufferError/tooLong(_:)``, above ``bytesMax``.
    public init(_ bytes: some Sequence<UInt8>) throws(BufferError) {
        row = BufferRow()
        try append(contentsOf: bytes)
    }

    /// A text in UTF-8.
    ///
    /// - Throws: ``BufferError/tooLong(_:)``, above ``bytesMax``.
    public init(_ text: String) throws(BufferError) { try self.init(text.utf8) }

    deinit {
        var row = row
        row.release()
    }

    /// Gives the fields up with the ownership.
    @inline(__always)
    consuming func takeRow() -> BufferRow {
        let row = row
        discard self
        return row
    }

    // MARK: Reading

    /// Whether the bytes lie in no block: a message of them takes one before it is sent.
    package var isOutsideBlocks: Bool { row.block.isNone }

    /// The number of bytes.
    @inlinable
    public var count: Int { row.count }

    /// Whether there is no byte.
    @inlinable
    public var isEmpty: Bool { row.count == 0 }

    /// The bytes. A hook that looks at each one runs over this span.
    @inlinable
    public var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let buffer = UnsafeBufferPointer(
                start: UnsafePointer(row.start?.assumingMemoryBound(to: UInt8.self)),
                count: row.count)
            return unsafe _overrideLifetime(
                Span(_unsafeElements: buffer), borrowing: self)
        }
    }

    /// The bytes, to be changed in place: `var bytes = data.mutableBytes`, then an index each.
    @inlinable
    public var mutableBytes: MutableSpan<UInt8> {
        @_lifetime(&self)
        mutating get {
            let buffer = UnsafeMutableBufferPointer(
                start: row.start?.assumingMemoryBound(to: UInt8.self), count: row.count)
            return unsafe _overrideLifetime(
                MutableSpan(_unsafeElements: buffer), mutating: &self)
        }
    }

    /// Calls a function with the bytes, for code that takes pointers.
    ///
    /// - Throws: the function's error.
    @inlinable
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: row.start, count: row.count))
    }

    /// Calls a function with the bytes, which it may change.
    ///
    /// - Throws: the function's error.
    @inlinable
    public mutating func withUnsafeMutableBytes<Result, Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeMutableRawBufferPointer(start: row.start, count: row.count))
    }

    /// The bytes as text; what is not UTF-8 becomes U+FFFD.
    public var text: String { withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }

    /// A copy of the bytes in an array.
    public var array: [UInt8] { withUnsafeBytes { Array($0) } }

    // MARK: Growing and shrinking

    /// Adds bytes behind the last one.
    ///
    /// - Throws: ``BufferError/tooLong(_:)``; the buffer is as it was.
    public mutating func append(contentsOf bytes: some Sequence<UInt8>) throws(BufferError) {
        let total = Self.withBytes(of: bytes) { row.append($0) ? 0 : row.count + $0.count }
        guard total == 0 else { throw .tooLong(total) }
    }

    /// Adds the bytes of another buffer behind the last one.
    ///
    /// - Throws: ``BufferError/tooLong(_:)``; the buffer is as it was.
    public mutating func append(_ other: borrowing Buffer) throws(BufferError) {
        let bytes = UnsafeRawBufferPointer(start: other.row.start, count: other.count)
        guard row.append(bytes) else { throw .tooLong(count + other.count) }
    }

    /// Adds a text in UTF-8 behind the last byte.
    ///
    /// - Throws: ``BufferError/tooLong(_:)``; the buffer is as it was.
    public mutating func append(_ text: String) throws(BufferError) {
        try append(contentsOf: text.utf8)
    }

    /// Adds bytes before the first one.
    ///
    /// - Throws: ``BufferError/tooLong(_:)``; the buffer is as it was.
    public mutating func prepend(_ bytes: some Sequence<UInt8>) throws(BufferError) {
        let total = Self.withBytes(of: bytes) { row.prepend($0) ? 0 : row.count + $0.count }
        guard total == 0 else { throw .tooLong(total) }
    }

    /// Adds a text in UTF-8 before the first byte.
    ///
    /// - Throws: ``BufferError/tooLong(_:)``; the buffer is as it was.
    public mutating func prepend(_ text: String) throws(BufferError) { try prepend(text.utf8) }

    /// Puts bytes in place of a part, longer or shorter. A range beyond the end is cut there.
    ///
    /// - Throws: ``BufferError/tooLong(_:)``; the buffer is as it was.
    public mutating func replaceSubrange(
        _ range: Range<Int>, with bytes: some Sequence<UInt8>
    ) throws(BufferError) {
        let part = range.clamped(to: 0..<count)
        let total = Self.withBytes(of: bytes) {
            row.replace(part, with: $0) ? 0 : row.count - part.count + $0.count
        }
        guard total == 0 else { throw .tooLong(total) }
    }

    /// Removes bytes at the front: all, if there are fewer.
    public mutating func removeFirst(_ bytes: Int = 1) { row.removeFirst(bytes) }

    /// Removes bytes at the end: all, if there are fewer.
    public mutating func removeLast(_ bytes: Int = 1) { row.removeLast(bytes) }

    /// Removes all bytes.
    public mutating func removeAll() { row.removeLast(row.count) }

    /// Moves the bytes out: this buffer is empty afterwards.
    public mutating func take() -> Buffer {
        var empty = BufferRow()
        empty.isMessage = row.isMessage
        swap(&row, &empty)
        return Buffer(empty)
    }

    /// Holds the last bytes of a chunk back: they stand before the next chunk of this direction,
    /// or go out before its end. More than the chunk has are all of it; the last call counts.
    ///
    /// - Throws: ``BufferError/heldTooMany(_:)`` above ``holdMax``, and
    ///   ``BufferError/heldMessage`` for a message or a datagram.
    public mutating func hold(last bytes: Int) throws(BufferError) {
        guard !row.isMessage else { throw .heldMessage }
        guard Swift.min(bytes, count) <= Self.holdMax else { throw .heldTooMany(bytes) }
        row.held = Swift.max(0, bytes)
    }

    /// Calls a function with the bytes of a sequence, contiguous.
    private static func withBytes<Result>(
        of sequence: some Sequence<UInt8>, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        let direct = sequence.withContiguousStorageIfAvailable { body(UnsafeRawBufferPointer($0)) }
        if let direct { return direct }
        return Array(sequence).withUnsafeBytes(body)
    }
}
