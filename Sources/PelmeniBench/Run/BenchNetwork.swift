internal import CPelmeni
internal import Glibc
internal import PelmeniCore

/// The network that a run takes place in: what the machine's is set to is not what is to be
/// measured.
package enum BenchNetwork {
    /// The default of most kernels.
    package static let usualCongestion = "cubic"
    /// Stands for the machine's network as it is.
    package static let machine = "machine"

    /// A new namespace begins with the kernel's defaults. These decide what many connections cost,
    /// or how much a socket holds; others (`ip_unprivileged_port_start`, `ping_group_range`) nobody
    /// here meets.
    static let settings = [
        "net/core/somaxconn", "net/ipv4/ip_local_port_range", "net/ipv4/tcp_fin_timeout",
        "net/ipv4/tcp_max_syn_backlog", "net/ipv4/tcp_max_tw_buckets", "net/ipv4/tcp_rmem",
        "net/ipv4/tcp_syncookies", "net/ipv4/tcp_tw_reuse", "net/ipv4/tcp_wmem",
    ]
    private static let folder = "/proc/sys/"
    private static let congestionPath = folder + "net/ipv4/tcp_congestion_control"

    /// Leaves the machine's network for a namespace whose loopback uses this congestion control,
    /// where that is granted; else nothing has changed, and the reason is told.
    ///
    /// Before there is a second thread: a namespace is a thread's own, and those that it starts
    /// inherit it.
    ///
    /// - Parameter congestion: as the kernel names it, or ``machine``.
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
            if code < 0 { facts.reason = reason(Int(step), congestion, Errno(code: code)) }
        }
        if facts.isOwn { facts.differences = copy(wanted) }
        facts.congestionControl = used ?? facts.machinesCongestionControl
        return facts
    }

    /// What a connection over the loopback uses now; nil when none can be made.
    static var used: String? {
        var name = [CChar](repeating: 0, count: Int(PELMENI_CONGESTION_BYTES))
        guard pelmeni_network_congestion_get(&name) == 0 else { return nil }
        return String(
            decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Lets connections that begin from now on use what a scenario is about.
    ///
    /// - Returns: why it is not to be had; nil when it is in use.
    static func prepare(_ scenario: Scenario, in facts: NetworkFacts) -> String? {
        guard let wanted = scenario.congestion ?? (facts.isOwn ? facts.congestionControl : nil)
        else { return nil }
        guard facts.isOwn else {
            // There it would be what the scenario without a name has measured.
            return "\(wanted) needs a network of the run's own"
                + (facts.reason.map { ", and this is the machine's: \($0)" } ?? "")
        }
        let code = pelmeni_network_congestion_set(wanted)
        guard code == 0 else {
            return reason(PELMENI_NETWORK_CONGESTION, wanted, Errno(code: code))
        }
        let found = used ?? "nothing that can be told"
        return found == wanted ? nil : "connections use \(found), not \(wanted)"
    }

    static func reason(_ step: Int, _ congestion: String, _ error: Errno) -> String {
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

    /// Gives the namespace the machine's settings.
    ///
    /// - Returns: what is not as it should be.
    private static func copy(_ wanted: [String]) -> [String] {
        zip(settings, wanted).compactMap { name, value in
            let path = folder + name
            // What the machine does not show it does not have.
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
