// Streams with a custom framing: every answer of the framing is checked.
extension FrameScanner {
    /// Each pass takes a byte or more, or is the last one.
    mutating func custom(
        _ framing: CustomFraming, _ bytes: UnsafeRawPointer, _ count: Int
    ) -> ScanStep {
        var at = 0
        while true {
            if isInPayload, let step = announced(&at, count) { return step }
            guard at < count else { return .needsMore(consumed: count) }
            var answer = CustomFraming.Answer()
            framing.answer(bytes + at, count &- at, &scan.state, &answer)
            if let error = announce(answer, &at, count) { return fail(error, count) }
        }
    }

    /// Continues with the announced payload, or fails with the error in the answer.
    private mutating func announce(
        _ answer: CustomFraming.Answer, _ at: inout Int, _ count: Int
    ) -> FrameError? {
        switch answer.kind {
        case .bad:
            scan.reason = answer.reason
            return .refused
        case .needsMore:
            guard mark(count &- at) else { return .tooLong }
            at = count
        case .payload:
            guard answer.after >= 0, answer.after <= count &- at, answer.length >= 0,
                answer.trailer >= 0, answer.after | answer.length | answer.trailer != 0
            else { return .brokenFraming }
            guard answer.length <= maxFrame &- taken, mark(answer.after), mark(answer.trailer)
            else { return .tooLong }
            at &+= answer.after
            taken &+= answer.length
            left = answer.length
            scan.trailer = UInt32(truncatingIfNeeded: answer.trailer)
            scan.ends = answer.ends
            isInPayload = true
        }
        return nil
    }

    /// Counts bytes outside the payload. False when there are too many.
    private mutating func mark(_ bytes: Int) -> Bool {
        // Bounded by the count's size, whatever frame bound a test sets.
        let most = min(maxFrame, Int(Int32.max)) &+ CustomFraming.marksSpare
        guard bytes <= most &- Int(scan.marks) else { return false }
        scan.marks &+= UInt32(truncatingIfNeeded: bytes)
        return true
    }

    /// Takes the announced payload, and the bytes behind it, as far as the window has them. Nil
    /// when there is no run to hand on.
    private mutating func announced(_ at: inout Int, _ count: Int) -> ScanStep? {
        let start = at
        let length = min(left, count &- at)
        left &-= length
        at &+= length
        if left == 0 {
            let passed = min(Int(scan.trailer), count &- at)
            scan.trailer &-= UInt32(truncatingIfNeeded: passed)
            at &+= passed
        }
        let isWhole = left == 0 && scan.trailer == 0
        if isWhole { isInPayload = false }
        guard length > 0 || isWhole && scan.ends else { return nil }
        return run(start, length, consumed: at, ends: isWhole && scan.ends)
    }
}
