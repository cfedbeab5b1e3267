extension Duration {
    /// Whole nanoseconds, from 0 up to the largest number of them.
    package var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        // A century is for ever, and leaves room to add it to a clock.
        let century: UInt64 = 3_155_760_000
        guard UInt64(seconds) < century else { return century * 1_000_000_000 }
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}
