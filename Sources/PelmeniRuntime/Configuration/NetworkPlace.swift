/// The part of the network that a pair's listener and its groups belong to.
package struct NetworkPlace: Equatable, Sendable {
    /// A listener on all IPv6 addresses leaves those of IPv4 to another one.
    package var isIPv6Only = false
    /// The interface of the listener's group, by name or number; nil is the kernel's choice.
    package var listenerInterface: String?
    /// The interface by which datagrams to the upstreams' groups leave.
    package var upstreamInterface: String?

    package init() {}
}
