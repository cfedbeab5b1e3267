import Testing

/// The ways in which a peer can harm others.
enum Hostility: String, CaseIterable, Sendable, CustomTestStringConvertible {
    /// Sends tiny messages as fast as it can, and reads the answers.
    case flood
    /// Sends messages as fast as it can, and reads nothing.
    case silence
    /// Begins messages of a stream, and continues byte by byte.
    case unfinished
    /// An upstream begins messages of a stream, and continues byte by byte.
    case unfinishedAnswers
    /// Connects, sends something, and resets, over and over.
    case resets
    /// Dials an upstream that does not accept, over and over.
    case dials

    var testDescription: String { rawValue }

    /// Whether it also needs a hostile upstream.
    var isUpstream: Bool { self == .unfinishedAnswers || self == .dials }
    var isFlood: Bool { self == .flood || self == .silence }

    /// Whether the pool is small, so that held blocks have an effect.
    var poolBytes: Int? {
        switch self {
        case .unfinished, .unfinishedAnswers: 4 << 20
        default: nil
        }
    }
}
