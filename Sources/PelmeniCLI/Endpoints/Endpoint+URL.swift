import Pelmeni

extension Endpoint {
    /// As a URL: `tcp://[::1]:80`, `unix:@name`.
    var url: String { scheme + (isAbstract ? ":" : "://") + urlPart }

    /// As one part of a URL with commas.
    var urlPart: String { isUnix ? PercentCoding.encoded(path: description) : description }

    /// A host that a resolver has to look up.
    var name: String? { isName ? hostAndPort?.host : nil }

    /// A listener whose port the kernel chooses: two of them are two listeners.
    var takesAnyPort: Bool { port == 0 }
}
