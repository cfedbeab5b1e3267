import Pelmeni

extension Endpoint {
    /// A host that a resolver has to look up.
    var name: String? { isName ? hostAndPort?.host : nil }

    /// A listener whose port the kernel chooses: two of them are two listeners.
    var takesAnyPort: Bool { port == 0 }
}
