internal import Synchronization

/// Numbered texts of framings that refused a stream: a worker's report holds only a number.
enum FrameReason {
    /// Reports have 23 bits for a number. Texts are constants of a program, and few.
    private static let numberMax = 1 << 16
    private static let texts = Mutex<[String]>([])

    /// From 1 on, the same for the same text; 0 when there are too many.
    static func number(_ text: StaticString) -> UInt32 {
        let text = text.description
        return texts.withLock { texts in
            if let known = texts.firstIndex(of: text) { return UInt32(known + 1) }
            guard texts.count < numberMax else { return 0 }
            texts.append(text)
            return UInt32(texts.count)
        }
    }

    /// Nil for an unknown number.
    static func text(_ number: Int32) -> String? {
        texts.withLock { texts in
            texts.indices.contains(Int(number) - 1) ? texts[Int(number) - 1] : nil
        }
    }
}
