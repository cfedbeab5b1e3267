internal import CPelmeni
internal import Glibc
internal import PelmeniCore

extension Endpoint {
    /// A broadcast address in digits, of this machine's networks as they are now.
    var isBroadcast: Bool {
        guard !isUnix, var address else { return false }
        return pelmeni_address_is_broadcast(&address.storage, socklen_t(address.length)) == 1
    }

    /// One worker of the pair serves a listener there: each socket would get every datagram, or a
    /// worker would not know the sessions of another one.
    package var hasOneWorker: Bool {
        switch self {
        case .host, .unixDatagram: true
        case .udp: isGroup || isBroadcast
        case .tcp, .http, .unix: false
        }
    }
}
