extension Duration {
    /// Whole nanoseconds, 0 at least, and a century at most.
    package var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        // A century is as good as for ever, and a clock plus a century does not overflow.
        let century: UInt64 = 3_155_760_000
        guard UInt64(seconds) < century else { return century * 1_000_000_000 }
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}
