internal import Glibc

/// Lines from a descriptor. It reads byte by byte: lines are few, and a later reader of the
/// descriptor loses nothing.
struct LineInput: Sendable {
    let descriptor: Int32

    /// Waits for the next line, without its end; nil at the end of the input.
    func next() -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while true {
            let count = read(descriptor, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else {
                return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
            }
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
    }
}
