import Foundation
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
            try silence(proxy)
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

    /// The live host's kernel answers no ping either: a program of the test does.
    func silenceHost() throws { try silence(host) }

    private func silence(_ name: String) throws {
        for setting in ["net.ipv4.icmp_echo_ignore_all", "net.ipv6.icmp.echo_ignore_all"] {
            let (code, _, errors) = try Child(
                inside(name, ["sysctl", "-qw", "\(setting)=1"])
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
