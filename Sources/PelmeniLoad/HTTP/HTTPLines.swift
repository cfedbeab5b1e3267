/// The lines of a whole head, from its first byte to its empty line.
struct HTTPLines {
    private let head: UnsafeRawBufferPointer
    private var at = 0
    /// A line held a control byte, or a bare CR or LF.
    private(set) var isMalformed = false

    init(_ head: UnsafeRawBufferPointer) { self.head = head }

    /// The next line without its end; nil at the empty line, and where the head is malformed.
    mutating func next() -> Slice<UnsafeRawBufferPointer>? {
        let start = at
        while at < head.count {
            let byte = head[at]
            if byte == UInt8(ascii: "\r") { break }
            if byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7f {
                isMalformed = true
                return nil
            }
            at += 1
        }
        guard at + 1 < head.count, head[at + 1] == UInt8(ascii: "\n") else {
            isMalformed = true
            return nil
        }
        let line = head[start..<at]
        at += 2
        return line.isEmpty ? nil : line
    }

    /// Nothing is left behind the empty line.
    var isAtEnd: Bool { at == head.count }
}
