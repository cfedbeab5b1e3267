/// What a framing of your own found at the beginning of the bytes at hand.
public enum FramingStep: Sendable {
    /// All of them belong to a header that goes on. They are taken: what of them is needed later
    /// has to be in the ``FramingState``.
    case needsMore
    /// After `after` bytes of header, `length` bytes of payload, then `trailer` bytes that are
    /// none.
    ///
    /// The header's bytes must be at hand, the others need not: they are counted as they come.
    /// Then the message ends, or with `ends: false` the framing is asked how it goes on. One of
    /// the three numbers must be above 0, none below.
    case payload(after: Int = 0, length: Int, trailer: Int = 0, ends: Bool = true)
    /// The stream cannot be read on and is to be closed; the text is for logs.
    case bad(StaticString)
}
