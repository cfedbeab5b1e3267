/// The result of a `FrameScanner` for the beginning of a window.
package struct ScanStep: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// Bytes of a message, or the end of one.
        case run
        /// The whole window is consumed without a run: it was empty, or part of a header, or a held
        /// carriage return.
        case needsMore
        /// The stream cannot be read further. The caller discards a begun message.
        case bad(FrameError)
    }

    package let kind: Kind
    /// Bytes to remove from the window's front before the next call. Above 0 whenever the window
    /// has any; the whole window unless this is a run.
    package let consumed: Int
    /// The offset of a run's payload in the window.
    package let start: Int
    /// Payload bytes in the window. 0 for an empty message, and when the run is only the end of a
    /// message or only the held carriage return.
    package let length: Int
    /// A message starts with this run; otherwise the run continues the last message.
    package let begins: Bool
    /// The message is complete with this run.
    package let ends: Bool
    /// A carriage return (0x0D) goes before this run's bytes, and is in no window: it was the last
    /// byte of an earlier window, held because it could have been half of a line's end. It belongs
    /// to the run's message and is that message's first byte if the run begins one. Only `line`
    /// framing sets this. A run that begins and ends a message can be forwarded in place unless
    /// this is set.
    package let heldCarriageReturn: Bool

    @inline(__always)
    static func run(
        _ start: Int, _ length: Int, consumed: Int, begins: Bool, ends: Bool,
        heldCarriageReturn: Bool
    ) -> ScanStep {
        ScanStep(
            kind: .run, consumed: consumed, start: start, length: length, begins: begins,
            ends: ends, heldCarriageReturn: heldCarriageReturn)
    }

    @inline(__always)
    static func needsMore(consumed: Int) -> ScanStep { nothing(.needsMore, consumed) }

    @inline(__always)
    static func bad(_ error: FrameError, consumed: Int) -> ScanStep {
        nothing(.bad(error), consumed)
    }

    /// The step of a window that begins `bytes` earlier, with nothing in them.
    @inline(__always)
    func moved(by bytes: Int) -> ScanStep {
        ScanStep(
            kind: kind, consumed: consumed &+ bytes, start: start &+ bytes, length: length,
            begins: begins, ends: ends, heldCarriageReturn: heldCarriageReturn)
    }

    @inline(__always)
    private static func nothing(_ kind: Kind, _ consumed: Int) -> ScanStep {
        ScanStep(
            kind: kind, consumed: consumed, start: 0, length: 0, begins: false, ends: false,
            heldCarriageReturn: false)
    }
}
