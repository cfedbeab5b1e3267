internal import Glibc

/// Interfaces of this machine.
package enum NetworkInterface {
    /// The number of the interface with a name, or with this number in digits; nil where there is
    /// none.
    package static func index(of text: String) -> UInt32? {
        if let number = UInt32(text) {
            var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
            return number > 0 && if_indextoname(number, &name) != nil ? number : nil
        }
        let number = if_nametoindex(text)
        return number > 0 ? number : nil
    }
}
