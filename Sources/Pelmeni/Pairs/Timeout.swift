/// How long a pair waits for something before it acts.
public enum Timeout: Sendable, Hashable {
    /// The default, which an option's description names. It may depend on what the pair connects.
    case inherited
    /// For ever.
    case never
    /// So long: more than zero, and at most 365 days. An ``Engine`` refuses others.
    case after(Duration)

    /// What holds, where `inherited` is the default; nil is for ever, both ways.
    package func duration(inherited: Duration?) -> Duration? {
        switch self {
        case .inherited: inherited
        case .never: nil
        case .after(let duration): duration
        }
    }
}
