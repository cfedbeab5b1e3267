/// What the network reported of datagrams that a socket sent. Trivial.
package struct NetworkReports: Sendable, Equatable {
    /// The last error that says that they do not reach the host: -errno, or 0.
    package var error: Int32 = 0
    /// Datagrams that do not.
    package var unreachable = 0
    /// Datagrams beyond the path's MTU.
    package var tooBig = 0
    /// Reports of any kind.
    package var count = 0

    package init() {}
}
