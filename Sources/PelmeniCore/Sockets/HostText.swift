internal import Glibc

/// The text of a host: a name, an IPv4 address, or an IPv6 address with its zone or without.
///
/// A program gives a zone as it is: `fe80::1%eth0`. A URL's zone has two spellings (0038).
package enum HostText {
    /// RFC 1035, 2.3.4: a name in text has at most 253 bytes.
    private static let nameMost = 253
    /// IFNAMSIZ less its terminating zero.
    private static let interfaceMost = 15

    // MARK: What a host is

    package static func isValid(_ host: String) -> Bool {
        host.contains(":") ? isIPv6(host) : isName(host) || isIPv4(host)
    }

    /// A name for a resolver. Digits and dots alone are none: `inet_aton(3)`, which resolvers use,
    /// reads `1.2.3` as an address.
    package static func isName(_ host: String) -> Bool {
        let isSpelled = host.utf8.allSatisfy { PercentCoding.isUnreserved($0) && $0 != 0x7e }
        return isSpelled && (1...nameMost).contains(host.utf8.count) && !host.hasPrefix(".")
            && !host.contains("..") && !isNumeric(host)
    }

    package static func isNumeric(_ host: String) -> Bool {
        host.utf8.allSatisfy { isDigit($0) || $0 == UInt8(ascii: ".") }
    }

    package static func isIPv4(_ host: String) -> Bool {
        var address = in_addr()
        return !host.utf8.contains(0) && inet_pton(AF_INET, host, &address) == 1
    }

    /// With a zone behind its first `%`, or without.
    private static func isIPv6(_ host: String) -> Bool {
        let (digits, zone) = parts(host)
        var address = in6_addr()
        guard !digits.utf8.contains(0), inet_pton(AF_INET6, String(digits), &address) == 1 else {
            return false
        }
        return zone.map(isZone) ?? true
    }

    /// The digits of an IPv6 address, and its zone.
    package static func parts(_ host: String) -> (digits: Substring, zone: Substring?) {
        guard let mark = host.firstIndex(of: "%") else { return (host[...], nil) }
        return (host[..<mark], host[mark...].dropFirst())
    }

    // MARK: Zones

    /// The number of an interface, or a name that Linux gives one (`dev_valid_name`): what a zone
    /// is, and what the option `interface` takes.
    package static func isZone(_ zone: Substring) -> Bool {
        if isNumber(zone) { return (UInt32(zone) ?? 0) > 0 }
        let isSpelled = zone.utf8.allSatisfy { byte in
            byte > 0x20 && byte != 0x7f && byte != UInt8(ascii: "/") && byte != UInt8(ascii: ":")
        }
        return isSpelled && (1...interfaceMost).contains(zone.utf8.count) && zone != "."
            && zone != ".."
    }

    /// The number of the interface; nil where there is none of this name.
    static func scope(_ zone: Substring) -> UInt32? {
        guard isZone(zone) else { return nil }
        // UInt32("+2") is a number too.
        if isNumber(zone) { return UInt32(zone) }
        let scope = if_nametoindex(String(zone))
        return scope == 0 ? nil : scope
    }

    static func isNumber(_ zone: Substring) -> Bool {
        !zone.isEmpty && zone.utf8.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }

    // MARK: In a URL

    /// An IPv6 address between brackets, as a program gives it. Nil for any other text.
    ///
    /// Digits behind the `%` are a number as they stand. Any other zone that begins with `25` and
    /// goes on is RFC 6874's, percent-coded; all others are as they stand (RFC 9844).
    package static func ipv6(url text: Substring) -> String? {
        let (digits, written) = parts(String(text))
        guard let written else { return isIPv6(String(text)) ? String(text) : nil }
        var zone = String(written)
        if isCoded(written) {
            guard let decoded = PercentCoding.decoded(written.dropFirst(2)) else { return nil }
            zone = decoded
        }
        let host = "\(digits)%\(zone)"
        return isIPv6(host) ? host : nil
    }

    /// A host as a URL has it, in brackets where it is an IPv6 address. Always one word.
    package static func url(_ host: String) -> String {
        guard host.contains(":") else { return PercentCoding.encoded(name: host) }
        let (digits, zone) = parts(host)
        let address = digits.split(separator: ":", omittingEmptySubsequences: false)
            .map { PercentCoding.encoded(name: String($0)) }.joined(separator: ":")
        guard let zone else { return "[\(address)]" }
        let isPlain = zone.utf8.allSatisfy(PercentCoding.isUnreserved) && !isCoded(zone)
        let coded = isPlain ? String(zone) : "25" + PercentCoding.encoded(name: String(zone))
        return "[\(address)%\(coded)]"
    }

    private static func isCoded(_ zone: Substring) -> Bool {
        zone.hasPrefix("25") && zone.utf8.count > 2 && !isNumber(zone)
    }
}
