internal import Glibc

/// Lines from a descriptor. It reads one byte at a time: lines are few, and so nothing is taken
/// from whoever reads after it.
struct LineInput: Sendable {
    let descriptor: Int32

    /// The next line without its end, or nil when there is no more. Waits.
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
