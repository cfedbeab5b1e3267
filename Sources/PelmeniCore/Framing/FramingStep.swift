/// The answer of a framing of your own for the beginning of the bytes at hand.
public enum FramingStep: Sendable {
    /// All bytes belong to an incomplete header. They are taken: bytes that the framing needs later
    /// have to be in the ``FramingState``.
    case needsMore
    /// After `after` bytes of header, `length` bytes of payload, then `trailer` bytes outside the
    /// payload.
    ///
    /// The header's bytes must be at hand; payload and trailer are counted as they come. Then the
    /// message ends, or with `ends: false` the framing is called again. One of the three numbers
    /// must be above 0, none below.
    case payload(after: Int = 0, length: Int, trailer: Int = 0, ends: Bool = true)
    /// The stream cannot be read further and is closed; the text is for logs.
    case bad(StaticString)
}
