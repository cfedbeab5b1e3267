// Streams whose framing is the user's own. Nothing that it answers is believed.
extension FrameScanner {
    /// Each turn takes a byte or more, or is the last one.
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

    /// Goes on to the payload that was found, or says what is wrong with it.
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

    /// Counts bytes that are no payload. False when they are too many.
    private mutating func mark(_ bytes: Int) -> Bool {
        // As much as fits the count, whatever a test takes for a frame's bound.
        let most = min(maxFrame, Int(Int32.max)) &+ CustomFraming.marksSpare
        guard bytes <= most &- Int(scan.marks) else { return false }
        scan.marks &+= UInt32(truncatingIfNeeded: bytes)
        return true
    }

    /// Takes what the window has of the announced payload and what follows it. Nil when there is
    /// nothing to hand on.
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
