extension CustomFraming {
    /// A ``FramingStep`` as a worker reads it: without text. Nothing in it is checked.
    struct Answer {
        enum Kind {
            case needsMore
            case payload
            case bad
        }

        var kind = Kind.needsMore
        var ends = false
        /// Of a bad stream: the number of a ``FrameReason``.
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
