extension CustomFraming {
    /// A ``FramingStep`` in a worker's form: without text, and unchecked.
    struct Answer {
        enum Kind {
            case needsMore
            case payload
            case bad
        }

        var kind = Kind.needsMore
        var ends = false
        /// The number of a ``FrameReason``, for a bad stream.
        var reason: UInt32 = 0
        var after = 0
        var length = 0
        var trailer = 0

        init() {}

        init(_ step: FramingStep) {
            switch step {
            case .needsMore: break
            case .payload(let after, let length, let trailer, let ends):
                kind = .payload
                self.ends = ends
                self.after = after
                self.length = length
                self.trailer = trailer
            case .bad(let text):
                kind = .bad
                reason = FrameReason.number(text)
            }
        }
    }
}
