import Pelmeni

extension Endpoint {
    /// A host that a name server knows. An address whose zone is missing now is none.
    var name: String? {
        guard let host = hostAndPort?.host, isName, !host.contains(":") else { return nil }
        return host
    }

    /// A listener whose port the kernel chooses: two of them are two listeners.
    var takesAnyPort: Bool { port == 0 }
}
