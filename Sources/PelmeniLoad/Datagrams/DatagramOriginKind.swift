/// What a ``DatagramOrigin`` does with what it receives.
enum DatagramOriginKind: Sendable {
    /// Sends each question back to its sender, marked as an answer; the load checks it.
    case echo
    /// Counts and checks datagrams, and answers those that ask for credit.
    ///
    /// - takesTrains: the kernel may hand over a train in one piece (UDP_GRO), so that nobody on
    ///   this machine cuts it. No network does that.
    case sink(takesTrains: Bool)
}
