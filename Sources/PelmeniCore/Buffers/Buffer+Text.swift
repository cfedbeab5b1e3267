internal import Glibc

// Edits that hooks make often: each is one call, since `data.mutableBytes` needs a variable.
extension Buffer {
    /// Takes the first line out: its bytes, without the line feed and without a carriage return
    /// before it. Nil while there is no line feed.
    public mutating func takeLine() -> Buffer? {
        guard let end = withUnsafeBytes({ $0.firstIndex(of: 0x0a) }) else { return nil }
        var line = Buffer()
        let count = withUnsafeBytes { end > 0 && $0[end - 1] == 0x0d ? end - 1 : end }
        withUnsafeBytes { bytes in
            let isCopied = line.row.append(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            assert(isCopied, "a part is within the bound of a buffer")
        }
        line.row.isMessage = row.isMessage
        removeFirst(end + 1)
        return line
    }

    /// Takes the first bytes out, or all if there are fewer.
    public mutating func take(first bytes: Int) -> Buffer {
        let count = Swift.min(Swift.max(0, bytes), count)
        guard count < self.count else { return take() }
        var part = Buffer()
        withUnsafeBytes { bytes in
            let isCopied = part.row.append(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            assert(isCopied, "a part is within the bound of a buffer")
        }
        removeFirst(count)
        return part
    }

    /// Adds bytes that a function writes into free memory behind the last one, and returns the
    /// number of. The memory is not cleared.
    ///
    /// - Parameter most: bytes of that memory.
    /// - Throws: ``BufferError/tooLong(_:)``; the buffer is as it was, and nothing was called.
    @inlinable
    public mutating func append(
        upTo most: Int, _ write: (UnsafeMutableRawBufferPointer) -> Int
    ) throws(BufferError) {
        let room = try reserve(most)
        let count = write(room)
        precondition(count >= 0 && count <= most, "more bytes than the memory has")
        grew(by: count)
    }

    @usableFromInline
    mutating func reserve(_ bytes: Int) throws(BufferError) -> UnsafeMutableRawBufferPointer {
        guard bytes >= 0, row.reserve(back: bytes) else { throw .tooLong(row.count + bytes) }
        return UnsafeMutableRawBufferPointer(start: row.start.map { $0 + row.count }, count: bytes)
    }

    @usableFromInline
    mutating func grew(by bytes: Int) {
        row.count &+= bytes
        row.tailroom &-= bytes
    }

    /// Makes the letters a to z capital; other bytes stay as they are.
    @inlinable
    public mutating func uppercaseASCII() {
        withUnsafeMutableBytes { bytes in
            for index in bytes.indices {
                let byte = bytes[index]
                bytes[index] = byte &- ((byte &- 0x61 < 26) ? 0x20 : 0)
            }
        }
    }

    /// Makes the letters A to Z small; other bytes stay as they are.
    @inlinable
    public mutating func lowercaseASCII() {
        withUnsafeMutableBytes { bytes in
            for index in bytes.indices {
                let byte = bytes[index]
                bytes[index] = byte &+ ((byte &- 0x41 < 26) ? 0x20 : 0)
            }
        }
    }

    /// The index of the first such byte at `start` or behind it, or nil.
    public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        withUnsafeBytes { bytes in
            guard start >= 0, start < bytes.count, let base = bytes.baseAddress else { return nil }
            let found = memchr(base + start, Int32(byte), bytes.count - start)
            return found.map { $0 - UnsafeMutableRawPointer(mutating: base) }
        }
    }

    /// The range of the first such bytes at `start` or behind it, or nil.
    public func firstRange(of pattern: some Collection<UInt8>, from start: Int = 0) -> Range<Int>? {
        guard let first = pattern.first else { return nil }
        let length = pattern.count
        var at = start
        while let index = firstIndex(of: first, from: at), index + length <= count {
            let isHere = withUnsafeBytes { $0[index..<index + length].elementsEqual(pattern) }
            if isHere { return index..<index + length }
            at = index + 1
        }
        return nil
    }

    /// Whether the first bytes are these.
    public func starts(with bytes: some Sequence<UInt8>) -> Bool {
        withUnsafeBytes { $0.starts(with: bytes) }
    }

    /// Puts other bytes in place of each such part. Returns how many there were.
    ///
    /// A chunk of a stream is cut anywhere: hold the last bytes back that may be the beginning of
    /// one, or let a framing cut messages.
    ///
    /// - Throws: ``BufferError/tooLong(_:)``; parts before that are replaced.
    @discardableResult
    public mutating func replace(
        _ pattern: some Collection<UInt8>, with bytes: some Collection<UInt8>
    ) throws(BufferError) -> Int {
        var found = 0
        var at = 0
        while let range = firstRange(of: pattern, from: at) {
            try replaceSubrange(range, with: bytes)
            at = range.lowerBound + bytes.count
            found += 1
        }
        return found
    }

    /// The same for texts in UTF-8.
    ///
    /// - Throws: ``BufferError/tooLong(_:)``; parts before that are replaced.
    @discardableResult
    public mutating func replace(
        _ pattern: String, with text: String
    ) throws(BufferError) -> Int {
        try replace(Array(pattern.utf8), with: Array(text.utf8))
    }
}
