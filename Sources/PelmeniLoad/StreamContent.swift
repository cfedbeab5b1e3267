internal import Glibc

/// The content of a stream: a pattern for its seed, or a fixed text.
struct StreamContent {
    private let seed: UInt64
    /// Constant data of the program, at a fixed address.
    private let text: UnsafeRawPointer?

    init(seed: UInt64) {
        self.seed = seed
        text = nil
    }

    init(_ text: StaticString) {
        seed = 0
        self.text = UnsafeRawPointer(text.utf8Start)
    }

    /// Writes the bytes of `position ..< position + count`.
    func fill(_ bytes: UnsafeMutableRawPointer, count: Int, position: UInt64) {
        guard let text else {
            return Pattern.fill(bytes, count: count, seed: seed, position: position)
        }
        bytes.copyMemory(from: text + Int(position), byteCount: count)
    }

    /// The offset of the first byte that is wrong for its position, or nil.
    func firstMismatch(_ bytes: UnsafeRawPointer, count: Int, position: UInt64) -> Int? {
        guard let text else {
            return Pattern.firstMismatch(bytes, count: count, seed: seed, position: position)
        }
        let wanted = text + Int(position)
        guard memcmp(bytes, wanted, count) != 0 else { return nil }
        return (0..<count).first {
            bytes.load(fromByteOffset: $0, as: UInt8.self)
                != wanted.load(fromByteOffset: $0, as: UInt8.self)
        }
    }
}
