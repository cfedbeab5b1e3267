/// One of those that are compared.
package struct Subject: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Sendable {
        /// No proxy: the load talks to the origin. The limit of what can be reached.
        case direct
        case pelmeni
        case peer
        /// No proxy that anybody could use: what the kernel's interface reaches without deadlines,
        /// limits and resets. Never the best peer.
        case prototype
    }

    /// As in results and on the command line: `io_uring`, `io_uring-6.1`, `epoll`, `haproxy`.
    package var name: String
    package var title: String
    package var kind: Kind
    package var version: String
    /// The subject of ours that a prototype shows the way for; nil for all others.
    package var prototypeOf: String?
    /// Why it could not be measured: refused by the kernel, not installed.
    package var refusal: String?

    package init(
        name: String, title: String, kind: Kind, version: String = "", refusal: String? = nil
    ) {
        self.name = name
        self.title = title
        self.kind = kind
        self.version = version
        self.refusal = refusal
    }
}
