import Testing

/// What a peer does that could harm others.
enum Hostility: String, CaseIterable, Sendable, CustomTestStringConvertible {
    /// Sends tiny messages as fast as it can, and reads what comes back.
    case flood
    /// Sends messages as fast as it can, and reads nothing.
    case silence
    /// Begins messages of a stream, and goes on byte by byte.
    case unfinished
    /// An upstream begins messages of a stream, and goes on byte by byte.
    case unfinishedAnswers
    /// Connects, says something, and resets, over and over.
    case resets
    /// Dials an upstream that does not accept, over and over.
    case dials

    var testDescription: String { rawValue }

    /// Whether it needs an upstream that is hostile too.
    var isUpstream: Bool { self == .unfinishedAnswers || self == .dials }
    var isFlood: Bool { self == .flood || self == .silence }

    /// Whether few blocks are to be had, so that what holds them is seen.
    var poolBytes: Int? {
        switch self {
        case .unfinished, .unfinishedAnswers: 4 << 20
        default: nil
        }
    }
}
