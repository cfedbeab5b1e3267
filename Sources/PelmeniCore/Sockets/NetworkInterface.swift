internal import Glibc

/// Interfaces of this machine.
package enum NetworkInterface {
    /// The number of the interface with a name, or with this number in digits; nil where there is
    /// none.
    package static func index(of text: some StringProtocol) -> UInt32? {
        let text = Substring(text)
        guard HostText.isZone(text), let number = HostText.scope(text) else { return nil }
        guard HostText.isNumber(text) else { return number }
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        return if_indextoname(number, &name) != nil ? number : nil
    }
}
