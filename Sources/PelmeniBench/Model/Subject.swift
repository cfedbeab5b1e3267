/// One of those that are compared.
package struct Subject: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, Sendable {
        /// No proxy: the load talks to the origin. The limit of what can be reached.
        case direct
        case pelmeni
        case peer
    }

    /// As in results and on the command line: `io_uring`, `io_uring-6.1`, `epoll`, `haproxy`.
    package var name: String
    package var title: String
    package var kind: Kind
    package var version: String
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
