import Pelmeni
import Testing

/// How a framing writes two messages of five bytes.
struct FramingSample: Sendable, CustomTestStringConvertible {
    let framing: Framing
    let before: [UInt8]
    let after: [UInt8]

    var testDescription: String { framing.description }

    func framed(_ text: String) -> [UInt8] { before + Array(text.utf8) + after }

    /// Those that say where a message ends.
    static let marked = [
        FramingSample(framing: .u16be, before: [0, 5], after: []),
        FramingSample(framing: .u32be, before: [0, 0, 0, 5], after: []),
        FramingSample(framing: .line, before: [], after: [0x0a]),
        FramingSample(framing: .octetCount, before: Array("5 ".utf8), after: []),
        FramingSample(framing: .delimiter(0), before: [], after: [0]),
        FramingSample(framing: .fixed(5), before: [], after: []),
    ]
    static let raw = FramingSample(framing: .raw, before: [], after: [])
}
