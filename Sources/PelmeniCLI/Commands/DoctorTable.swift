import Pelmeni

/// A machine's report as a table.
enum DoctorTable {
    static func text(_ report: MachineReport) -> String {
        let sections = [
            ["kernel    \(report.kernel)", "io_uring  \(verdict(report.uring))"]
                + (report.uring.refusal?.hints ?? []).map { "          hint: \($0)" }
                + ["epoll     \(epoll(report.epoll))"],
            ["auto      \(report.choice.backend ?? "would not start"): \(report.choice.reason)"],
            features(report.uring),
            limits(report),
        ]
        return sections.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    private static func verdict(_ uring: MachineReport.Uring) -> String {
        uring.refusal.map { "refused: \($0.reason)" } ?? "granted"
    }

    private static func epoll(_ epoll: MachineReport.Epoll) -> String {
        guard let refusal = epoll.refusal else { return "granted, sends in batches (io_submit)" }
        return "granted, every send a call of its own: \(refusal)"
    }

    private static func features(_ uring: MachineReport.Uring) -> [String] {
        let head = ["io_uring feature", "since", "granted", "used", "for"]
        let rows = uring.features.map { feature in
            [
                feature.name + (feature.isNeeded ? " *" : ""), feature.since,
                mark(feature.isGranted), mark(feature.isUsed), feature.purpose,
            ]
        }
        return aligned([head] + rows) + ["* needed: without it Pelmeni runs on epoll"]
    }

    private static func limits(_ report: MachineReport) -> [String] {
        let limits = report.limits
        let quota = limits.processorQuota.map { "quota \($0)" } ?? "no quota"
        let processors = limits.processors.map(String.init).joined(separator: ",")
        let raised =
            limits.descriptorsHard > limits.descriptors
            ? "\(limits.descriptors), raised to \(limits.descriptorsHard)" : "\(limits.descriptors)"
        return aligned([
            ["limit", "value"],
            ["descriptors", raised],
            ["sessions that fit", sessions(limits)],
            ["locked memory", size(limits.lockedBytes)],
            ["processors", "\(processors) (\(limits.processors.count), \(quota))"],
            ["workers", "\(limits.workers) unless --workers says otherwise"],
            ["accept queue", limits.acceptQueue.map { "\($0) (net.core.somaxconn)" } ?? "unknown"],
            [
                "icmp without root",
                "\(limits.mayPing ? "yes" : "no") (net.ipv4.ping_group_range "
                    + "\(limits.pingGroups ?? "unknown"))",
            ],
            ["raw sockets", limits.mayUseRaw ? "yes" : "no (icmp listeners need CAP_NET_RAW)"],
            ["kernel answers pings", pings(limits)],
            ["IPv6", limits.hasIPv6 ? "yes" : "no"],
            ["seccomp", seccomp(report.uring.seccompMode)],
            [
                "io_uring_disabled",
                report.uring.disabledSetting.map(String.init) ?? "no such setting",
            ],
        ])
    }

    /// Of streams: the client's and the upstream's descriptor.
    private static func sessions(_ limits: MachineReport.Limits) -> String {
        guard let remedy = limits.sessionsRemedy else { return "\(limits.sessions)" }
        return "\(limits.sessions), which is few: \(remedy)"
    }

    /// Beside an icmp listener its answers are doubles.
    private static func pings(_ limits: MachineReport.Limits) -> String {
        let answers = [
            (limits.answersPing, "net.ipv4.icmp_echo_ignore_all"),
            (limits.answersPingV6, "net.ipv6.icmp.echo_ignore_all"),
        ].compactMap { answer, setting in
            answer.map { "\($0 ? "yes" : "no") (\(setting) \($0 ? 0 : 1))" }
        }
        return answers.isEmpty ? "unknown" : answers.joined(separator: ", ")
    }

    private static func size(_ bytes: UInt64?) -> String {
        bytes.map { SizeText.format(Int(clamping: $0)) } ?? "no limit"
    }

    private static func seccomp(_ mode: Int?) -> String {
        switch mode {
        case 0: "none"
        case 1: "strict"
        case 2: "a filter"
        default: "unknown"
        }
    }

    private static func mark(_ yes: Bool) -> String { yes ? "✓" : "✗" }

    /// Columns two spaces apart; the last one has any width.
    private static func aligned(_ rows: [[String]]) -> [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            row.indices.map { column in
                let cell = row[column]
                guard column < row.count - 1 else { return cell }
                return cell + String(repeating: " ", count: widths[column] - cell.count + 2)
            }.joined()
        }
    }
}
