internal import CPelmeni
internal import Glibc
internal import PelmeniCore
internal import PelmeniRuntime

/// The network of a run: a run must not measure the settings of the machine's network.
package enum BenchNetwork {
    /// The default of most kernels.
    package static let usualCongestion = "cubic"
    /// Stands for the machine's network as it is.
    package static let machine = "machine"

    /// Copied into the namespace, which begins with the kernel's defaults. These settings decide
    /// the cost of many connections, or the size of a socket's buffers; others
    /// (`ip_unprivileged_port_start`, `ping_group_range`) do not matter here.
    static let settings = [
        "net/core/somaxconn", "net/ipv4/ip_local_port_range", "net/ipv4/tcp_fin_timeout",
        "net/ipv4/tcp_max_syn_backlog", "net/ipv4/tcp_max_tw_buckets", "net/ipv4/tcp_rmem",
        "net/ipv4/tcp_syncookies", "net/ipv4/tcp_tw_reuse", "net/ipv4/tcp_wmem",
    ]
    private static let folder = "/proc/sys/"
    private static let congestionPath = folder + "net/ipv4/tcp_congestion_control"

    /// Leaves the machine's network for a namespace whose loopback uses this congestion control,
    /// where that is granted. Otherwise nothing has changed, and the result has the reason.
    ///
    /// Call it before there is a second thread: a namespace belongs to a thread, and its later
    /// threads inherit it.
    ///
    /// - Parameter congestion: the kernel's name, or ``machine``.
    package static func enter(_ congestion: String) -> NetworkFacts {
        var facts = NetworkFacts()
        facts.machinesCongestionControl = TextFile.line(congestionPath)
        let wanted = settings.map { TextFile.line(folder + $0) }
        var step: Int32 = 0
        if congestion == machine {
            facts.reason = "asked for by --congestion machine"
        } else {
            let code = pelmeni_network_enter(congestion, &step)
            facts.isOwn = code == 0
            if code < 0 { facts.reason = reason(Int(step), congestion, SystemError(code: code)) }
        }
        if facts.isOwn { facts.differences = copy(wanted) }
        facts.congestionControl = used ?? facts.machinesCongestionControl
        return facts
    }

    /// The congestion control of a new connection over the loopback; nil when none can be made.
    static var used: String? {
        var name = [CChar](repeating: 0, count: Int(PELMENI_CONGESTION_BYTES))
        guard pelmeni_network_congestion_get(&name) == 0 else { return nil }
        return String(
            decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Sets the scenario's congestion control for connections from now on.
    ///
    /// - Returns: the reason of a failure; nil when it is in use.
    static func prepare(_ scenario: Scenario, in facts: NetworkFacts) -> String? {
        guard let wanted = scenario.congestion ?? (facts.isOwn ? facts.congestionControl : nil)
        else { return nil }
        guard facts.isOwn else {
            // There it would repeat the scenario without a name.
            return "\(wanted) needs a network of the run's own"
                + (facts.reason.map { ", and this is the machine's: \($0)" } ?? "")
        }
        let code = pelmeni_network_congestion_set(wanted)
        guard code == 0 else {
            return reason(PELMENI_NETWORK_CONGESTION, wanted, SystemError(code: code))
        }
        let found = used ?? "an unknown congestion control"
        return found == wanted ? nil : "connections use \(found), not \(wanted)"
    }

    static func reason(_ step: Int, _ congestion: String, _ error: SystemError) -> String {
        switch step {
        case PELMENI_NETWORK_NAMESPACE: "no network namespace is granted: \(error)"
        case PELMENI_NETWORK_IDENTITY: "no identity in a user namespace is granted: \(error)"
        case PELMENI_NETWORK_LOOPBACK: "no loopback in a network namespace is granted: \(error)"
        case PELMENI_NETWORK_CONGESTION where error.code == EINVAL:
            "the kernel has no congestion control '\(congestion)'"
        case PELMENI_NETWORK_CONGESTION:
            "congestion control '\(congestion)' is not granted: \(error)"
        default: "a namespace could not be tried: \(error)"
        }
    }

    /// Copies the machine's settings into the namespace.
    ///
    /// - Returns: the settings that differ.
    private static func copy(_ wanted: [String]) -> [String] {
        zip(settings, wanted).compactMap { name, value in
            let path = folder + name
            // A setting that the machine does not show does not exist.
            guard !value.isEmpty, TextFile.line(path) != value else { return nil }
            TextFile.write(value, to: path)
            let found = TextFile.line(path)
            return found == value ? nil : difference(name, found, value)
        }
    }

    static func difference(_ name: String, _ found: String, _ value: String) -> String {
        func plain(_ text: String) -> String { text.split { $0 == "\t" }.joined(separator: " ") }
        let last = name.split(separator: "/").last.map(String.init) ?? name
        return "\(last) is \(plain(found)), the machine's \(plain(value))"
    }
}
