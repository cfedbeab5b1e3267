import Pelmeni
import Testing

/// The bytes of two messages of five bytes in a framing.
struct FramingSample: Sendable, CustomTestStringConvertible {
    let framing: Framing
    let before: [UInt8]
    let after: [UInt8]

    var testDescription: String { framing.description }

    func framed(_ text: String) -> [UInt8] { before + Array(text.utf8) + after }

    /// The framings that mark the end of a message.
    static let marked = [
        FramingSample(framing: .u16be, before: [0, 5], after: []),
        FramingSample(framing: .u32be, before: [0, 0, 0, 5], after: []),
        FramingSample(framing: .line, before: [], after: [0x0a]),
        FramingSample(framing: .octetCount, before: Array("5 ".utf8), after: []),
        FramingSample(framing: .syslog, before: Array("5 ".utf8), after: []),
        FramingSample(framing: .delimiter(0), before: [], after: [0]),
        FramingSample(framing: .fixed(5), before: [], after: []),
    ]
    static let raw = FramingSample(framing: .raw, before: [], after: [])
}
