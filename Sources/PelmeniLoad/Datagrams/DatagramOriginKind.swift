/// The work of a ``DatagramOrigin``.
enum DatagramOriginKind: Sendable {
    /// Sends each question back to its sender, marked as an answer; the load checks it.
    case echo
    /// Counts and checks datagrams, and answers requests for credit.
    ///
    /// - takesTrains: the kernel may hand over a train whole (UDP_GRO), so that it is never cut on
    ///   this machine. A network always cuts it.
    case sink(takesTrains: Bool)
}
