/// Forwards to a destination: one of several when there are several, each in turn, and the next one
/// when a connect fails.
///
/// A description: it holds no connection, and may be shared by any number of servers and engines.
public protocol Client: Sendable {
    /// The destinations in order; 1 to 64, all of one kind.
    var destinations: [Destination] { get }
}
