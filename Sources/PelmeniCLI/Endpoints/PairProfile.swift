import Pelmeni

/// A name for options that belong together; what is given beside it still holds.
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
