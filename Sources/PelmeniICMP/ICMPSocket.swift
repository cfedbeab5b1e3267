import Glibc
import Pelmeni

/// What this process may open: found out once.
enum ICMPSocket {
    /// A ping socket, icmp(7), or nil where the process's groups are not in its range.
    static let hasPing = opens(SOCK_DGRAM)
    static let hasRaw = opens(SOCK_RAW)

    static let v4: Int32 = 1
    static let v6: Int32 = 58

    private static func opens(_ type: __socket_type) -> Bool {
        let descriptor = socket(AF_INET, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), v4)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    /// The kernel's setting that it answers no echo requests: else a client gets two answers.
    static func setting(_ version: ICMPEcho.Version) -> String {
        version == .v4 ? "net/ipv4/icmp_echo_ignore_all" : "net/ipv6/icmp/echo_ignore_all"
    }

    static func kernelAnswers(_ version: ICMPEcho.Version) -> Bool {
        guard let file = fopen("/proc/sys/" + setting(version), "r") else { return true }
        defer { fclose(file) }
        return fgetc(file) != Int32(UInt8(ascii: "1"))
    }
}

/// Why an ICMP endpoint cannot start.
struct ICMPRefusal: Error, CustomStringConvertible {
    let description: String

    static let client = ICMPRefusal(
        description: "neither a ping socket nor a raw one is allowed: put a group of this process "
            + "into net.ipv4.ping_group_range, or give it CAP_NET_RAW")
    static let patience = ICMPRefusal(description: "an answer is waited for at least 1 ms")
    static let server = ICMPRefusal(
        description: "a raw socket is not allowed: give this process CAP_NET_RAW")
}
