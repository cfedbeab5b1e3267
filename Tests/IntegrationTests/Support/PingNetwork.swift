import Glibc
import TestSupport

/// Three network namespaces in a row: a client's, the proxy's, and a live host's. The proxy's
/// kernel answers no ping.
final class PingNetwork {
    let client: String
    let proxy: String
    let host: String
    private let ip: Tool

    static let proxyAddress = "10.91.1.2"
    static let hostAddress = "10.91.2.2"
    /// A network behind the host, which says that it cannot be reached; and one behind a narrow
    /// link.
    static let unreachable = "10.91.3.1"
    static let unreachable6 = "fd00:91:3::1"
    static let narrow = "10.91.4.2"
    static let narrow6 = "fd00:91:4::2"
    /// An address that no host has.
    static let silent = "10.91.2.77"
    static let silent6 = "fd00:91:2::77"
    static let proxyAddress6 = "fd00:91:1::2"
    static let hostAddress6 = "fd00:91:2::2"

    /// Why this machine cannot have one; nil when it can.
    static let refusal: String? = {
        guard geteuid() == 0 else { return "needs root" }
        guard (try? Tool("ip", package: "iproute2")) != nil,
            (try? Tool("ping", package: "iputils-ping")) != nil
        else { return "ip or ping is missing" }
        guard (try? PingNetwork()) != nil else { return "the kernel gives no network namespace" }
        return nil
    }()

    init() throws {
        ip = try Tool("ip", package: "iproute2")
        let mark = "\(getpid())-\(UInt32.random(in: 0...0xffff))"
        (client, proxy, host) = ("pc-\(mark)", "pp-\(mark)", "ph-\(mark)")
        do {
            for name in [client, proxy, host] { try run("netns", "add", name) }
            try join(
                client, ["10.91.1.1/24", "fd00:91:1::1/64"], proxy,
                ["\(Self.proxyAddress)/24", "\(Self.proxyAddress6)/64"], number: 0)
            try join(
                proxy, ["10.91.2.1/24", "fd00:91:2::1/64"], host,
                ["\(Self.hostAddress)/24", "\(Self.hostAddress6)/64"], number: 1)
            try set(
                proxy, "net.ipv4.icmp_echo_ignore_all=1", "net.ipv6.icmp.echo_ignore_all=1")
        } catch {
            remove()
            throw error
        }
    }

    deinit { remove() }

    private func remove() {
        for name in [client, proxy, host] { try? run("netns", "del", name) }
    }

    private func join(
        _ left: String, _ addresses: [String], _ right: String, _ others: [String], number: Int
    ) throws {
        try run(
            "-n", left, "link", "add", "r\(number)", "type", "veth", "peer", "name", "l\(number)",
            "netns", right)
        for (name, device, list) in [
            (left, "r\(number)", addresses), (right, "l\(number)", others),
        ] {
            for address in list {
                // A new IPv6 address would wait for others that might have it.
                let mode = address.contains(":") ? ["nodad"] : []
                try run(["-n", name, "addr", "add", address, "dev", device] + mode)
            }
            try run("-n", name, "link", "set", device, "up")
            try run("-n", name, "link", "set", "lo", "up")
        }
    }

    private func run(_ words: String...) throws { try run(words) }

    private func run(_ words: [String]) throws {
        let (code, _, errors) = try Child([ip.path] + words).finish()
        guard code == 0 else { throw Overdue(description: "ip \(words): \(errors)") }
    }

    /// The host is a router too, in front of networks that do not take everything.
    func addRoutes() throws {
        for (network, gateway) in [
            ("10.91.3.0/24", Self.hostAddress), ("10.91.4.0/24", Self.hostAddress),
            ("fd00:91:3::/64", Self.hostAddress6), ("fd00:91:4::/64", Self.hostAddress6),
        ] {
            try run("-n", proxy, "route", "add", network, "via", gateway)
        }
        try run("-n", host, "route", "add", "unreachable", "10.91.3.0/24")
        try run("-n", host, "route", "add", "unreachable", "fd00:91:3::/64")
        try join(
            host, ["10.91.4.1/24", "fd00:91:4::1/64"], client,
            ["\(Self.narrow)/24", "\(Self.narrow6)/64"], number: 2)
        try run("-n", host, "link", "set", "r2", "mtu", "1300")
        try run("-n", client, "link", "set", "l2", "mtu", "1300")
        for (network, gateway) in [
            ("10.91.2.0/24", "10.91.4.1"), ("fd00:91:2::/64", "fd00:91:4::1"),
        ] {
            try run("-n", client, "route", "add", network, "via", gateway)
        }
        try set(
            host, "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
            "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0")
    }

    /// The proxy's own link to the host takes no datagram of 1,400 bytes as a whole.
    func narrowLink() throws { try run("-n", proxy, "link", "set", "r1", "mtu", "1300") }

    /// The proxy may open ping sockets, or has to take raw ones.
    func allowPingSockets(_ allows: Bool) throws {
        try set(proxy, "net.ipv4.ping_group_range=\(allows ? "0 2147483647" : "1 0")")
    }

    /// The ports that the proxy's kernel gives to sockets without a port of their own.
    func limitPorts(_ ports: ClosedRange<UInt16>) throws {
        try set(
            proxy, "net.ipv4.ip_local_port_range=\(ports.lowerBound) \(ports.upperBound)")
    }

    /// The host's kernel answers pings, or not.
    func hostAnswers(_ answers: Bool) throws {
        let number = answers ? 0 : 1
        try set(
            host, "net.ipv4.icmp_echo_ignore_all=\(number)",
            "net.ipv6.icmp.echo_ignore_all=\(number)")
    }

    /// Whether the proxy's kernel has learnt that long packets do not pass.
    func knowsNarrowPath(isV6: Bool) throws -> Bool {
        let (_, output, _) = try Child(
            [ip.path, "-n", proxy, "route", "get", isV6 ? Self.narrow6 : Self.narrow]
        ).finish()
        return output.contains("mtu 1300")
    }

    private func set(_ name: String, _ settings: String...) throws {
        for setting in settings {
            let (code, _, errors) = try Child(
                inside(name, ["sysctl", "-qw", setting])
            ).finish()
            guard code == 0 else { throw Overdue(description: errors) }
        }
    }

    /// A command in a namespace.
    func inside(_ name: String, _ command: [String]) -> [String] {
        prefix(of: name) + command
    }

    func prefix(of name: String) -> [String] { [ip.path, "netns", "exec", name] }

    /// What `ping` says of its packets: sent, received, duplicates, and answers of other bytes.
    func ping(
        _ options: String..., to address: String = PingNetwork.proxyAddress
    ) throws -> (sent: Int, received: Int, isClean: Bool) {
        let tool = try Tool("ping", package: "iputils-ping")
        let (_, output, _) = try Child(
            inside(client, [tool.path] + options + [address])
        ).finish(within: .seconds(60))
        let numbers = output.split(separator: "\n").last { $0.contains("packets transmitted") }?
            .split(separator: " ").compactMap { Int($0) }
        guard let numbers, numbers.count >= 2 else { throw Overdue(description: output) }
        let isClean =
            !output.contains("duplicates") && !output.contains("DUP")
            && !output.contains("wrong data")
        return (numbers[0], numbers[1], isClean)
    }
}
