/// One step of a `FrameScanner`: what it made of the beginning of a window.
package struct ScanStep: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// Bytes of a message, or the end of one.
        case run
        /// The whole window is consumed and there is nothing to hand on: it was empty, or part of
        /// a header, or a carriage return that is held back.
        case needsMore
        /// The stream cannot be read on. A message that was begun is to be thrown away.
        case bad(FrameError)
    }

    package let kind: Kind
    /// Bytes to take off the window's front before the next call. Above 0 whenever the window has
    /// any; all of it unless this is a run.
    package let consumed: Int
    /// Where in the window a run's payload is.
    package let start: Int
    /// Payload bytes in the window. 0 for an empty message, and when only the end of a message,
    /// or only the held carriage return, is left to say.
    package let length: Int
    /// A message starts with this run. A run that does not start one goes on with the last.
    package let begins: Bool
    /// The message is complete with this run.
    package let ends: Bool
    /// A carriage return (0x0D) goes before this run's bytes, and is in no window: it was the last
    /// byte of an earlier one, held back while it could have been half of a line's end. It
    /// belongs to the run's message and is that message's first byte if the run begins one.
    /// `line` framing alone sets this. A run that begins and ends a message can be
    /// forwarded from where it lies unless this is set.
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

    @inline(__always)
    private static func nothing(_ kind: Kind, _ consumed: Int) -> ScanStep {
        ScanStep(
            kind: kind, consumed: consumed, start: 0, length: 0, begins: false, ends: false,
            heldCarriageReturn: false)
    }
}
