/// A subject of the comparison.
package struct Subject: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Sendable {
        /// No proxy: the load talks to the origin. The limit of every figure.
        case direct
        case pelmeni
        case peer
        /// A program that shows the limit of the kernel's interface, without deadlines, limits and
        /// resets, and so no usable proxy. Never the best peer.
        case prototype
    }

    /// The name in results and on the command line: `io_uring`, `io_uring-6.1`, `epoll`, `haproxy`.
    package var name: String
    package var title: String
    package var kind: Kind
    package var version: String
    /// The subject of ours that a prototype is written for; nil for all others.
    package var prototypeOf: String?
    /// The reason without a measurement: refused by the kernel, not installed.
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
