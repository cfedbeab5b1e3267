internal import CPelmeni
internal import Glibc

// Memory of posted blocks, which a quiet worker does not need.
extension UringRing {
    /// Gives the memory of posted blocks back, where none of them can have bytes.
    ///
    /// With deferred task work the kernel takes a block inside the worker's call only, and every
    /// completion of the last call is handled. One case is left: a one-shot receive for which the
    /// kernel had no memory to wait in the usual way waits in a kernel thread, with a block that it
    /// took when it began. So the number of blocks that the kernel took has to be the number that
    /// completions brought, before and after.
    package mutating func trim() {
        guard mayTrim, failure == 0 else { return }
        trim(small)
        trim(bulk)
        trim(datagrams)
    }

    private mutating func trim(_ posted: borrowing PostedBlocks) {
        guard isWhole(posted) else { return }
        posted.discard(pool)
        // A block that was taken meanwhile may have lost its bytes: better no ring than wrong ones.
        if !isWhole(posted) { failure = -EIO }
    }

    /// Whether the kernel has taken no posted block whose completion is still to come.
    private func isWhole(_ posted: borrowing PostedBlocks) -> Bool {
        Int(pelmeni_uring_untaken(ring, posted.group)) == posted.count
    }
}
