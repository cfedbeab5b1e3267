internal import Glibc

/// A descriptor held back for the upstream socket of a session that was accepted as the last
/// descriptors ran out. The struct holds values only: legs open and close the descriptor.
struct DescriptorReserve {
    /// -1 when spent.
    private var descriptor: Int32
    /// Accepting has to stop: the last descriptor is gone.
    var isShort = false

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    var isSpent: Bool { descriptor < 0 }

    /// Notes the result of a call that opens a socket. True if the descriptors ran out.
    mutating func note(_ result: Int32) -> Bool {
        guard result == -EMFILE || result == -ENFILE else { return false }
        isShort = true
        return true
    }

    /// Gives the descriptor away for closing; nil when spent.
    mutating func spend() -> Int32? {
        guard descriptor >= 0 else { return nil }
        defer { descriptor = -1 }
        return descriptor
    }

    /// Takes over a new descriptor, or the error of its opening.
    mutating func renew(_ descriptor: Int32) {
        assert(isSpent, "a reserve is one descriptor")
        self.descriptor = descriptor
    }
}
