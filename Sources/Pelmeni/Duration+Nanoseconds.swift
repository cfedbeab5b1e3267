extension Duration {
    /// Whole nanoseconds, from 0 up to the largest number of them.
    package var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        // A century is for ever, and leaves room to add it to a clock.
        let longest: UInt64 = 3_155_760_000 * 1_000_000_000
        return overflow ? longest : min(longest, whole + UInt64(attoseconds / 1_000_000_000))
    }
}
