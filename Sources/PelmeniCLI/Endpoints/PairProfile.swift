import Pelmeni

/// A name for a set of options; options given beside it override the set.
enum PairProfile: String, CaseIterable, Sendable {
    case dns

    /// For messages.
    static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }

    var options: PairOptions {
        switch self {
        case .dns: .dns
        }
    }
}
