/// How long a pair waits before it acts.
public enum Timeout: Sendable, Hashable {
    /// The default, which the option's description gives. It may depend on the kind of pair.
    case inherited
    /// For ever.
    case never
    /// This long: more than zero, and at most 365 days. An ``Engine`` refuses others.
    case after(Duration)

    /// The duration, with the default for `inherited`; nil is for ever, both ways.
    package func duration(inherited: Duration?) -> Duration? {
        switch self {
        case .inherited: inherited
        case .never: nil
        case .after(let duration): duration
        }
    }
}
