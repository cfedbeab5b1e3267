internal import Glibc

/// A descriptor held back for the upstream socket of a session that was accepted as the last ones
/// ran out.
///
/// Only values: the relay opens and closes what this says.
struct DescriptorReserve {
    /// -1 when it is spent.
    private var descriptor: Int32
    /// Accepting has to stop: the last descriptor is gone.
    var isShort = false

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    var isSpent: Bool { descriptor < 0 }

    /// Notes what a call that opens a socket returned. Whether descriptors ran out.
    mutating func note(_ result: Int32) -> Bool {
        guard result == -EMFILE || result == -ENFILE else { return false }
        isShort = true
        return true
    }

    /// Gives the descriptor away, to be closed; nil when it is spent.
    mutating func spend() -> Int32? {
        guard descriptor >= 0 else { return nil }
        defer { descriptor = -1 }
        return descriptor
    }

    /// Takes a new one over, or the error of its opening.
    mutating func renew(_ descriptor: Int32) {
        assert(isSpent, "a reserve is one descriptor")
        self.descriptor = descriptor
    }
}
