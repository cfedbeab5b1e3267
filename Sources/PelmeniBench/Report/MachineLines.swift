internal import PelmeniLoad

/// The facts that a reader needs before a run's figures: names and sentences.
struct MachineLines {
    let lines: [(name: String, text: String)]

    init(_ report: BenchReport) {
        let machine = report.machine
        var lines: [(name: String, text: String)] = [
            ("measured", "\(report.startedAt), Pelmeni \(report.pelmeniVersion)"),
            ("processor", MachineLines.processor(machine)),
            ("kernel", MachineLines.kernel(report)),
            ("mitigations", MachineLines.mitigations(machine)),
            ("placement", MachineLines.placement(report)),
            ("network", MachineLines.network(report)),
            ("load", "on \(report.loadRing), origins too, whatever the subject uses"),
            ("rounds", MachineLines.rounds(report)),
        ]
        let versions = report.subjects.filter { !$0.version.isEmpty }.map {
            "\($0.name) \($0.version)"
        }
        if !versions.isEmpty { lines.append(("subjects", versions.joined(separator: ", "))) }
        for subject in report.subjects {
            guard let refusal = subject.refusal else { continue }
            lines.append(("not measured", "\(subject.name): \(refusal)"))
        }
        if let check = report.crossCheck {
            lines.append(("cross-check", MachineLines.crossCheck(check)))
        }
        self.lines = lines
    }

    private static func joined(_ parts: [String]) -> String {
        let known = parts.filter { !$0.isEmpty }
        return known.isEmpty ? "not known" : known.joined(separator: ", ")
    }

    private static func named(_ name: String, _ value: String) -> String {
        value.isEmpty ? "" : "\(name) \(value)"
    }

    private static func processor(_ machine: MachineFacts) -> String {
        joined([
            machine.processor,
            machine.logicalCores > 0 ? "\(machine.logicalCores) logical cores" : "",
            sharing(machine),
            // A hypervisor without a name.
            machine.hypervisor == "unnamed"
                ? "a virtual machine" : named("under", machine.hypervisor),
            machine.memoryBytes > 0 ? ReportText.bytes(Double(machine.memoryBytes)) : "",
        ])
    }

    private static func sharing(_ machine: MachineFacts) -> String {
        // As the kernel lists them: `0-1, 2-3`, or `0,2, 1,3`; without shared cores `0, 1`.
        let groups = machine.coreSharing.split(separator: ", ")
        guard !groups.isEmpty, !groups.contains(where: { Int($0) == nil }) else {
            return named("threads of one core:", machine.coreSharing)
        }
        return "none of them sharing a core"
    }

    private static func kernel(_ report: BenchReport) -> String {
        let machine = report.machine
        return joined([
            machine.kernel, machine.system,
            named("governor", machine.governor),
            machine.descriptorLimit > 0
                ? "\(ReportText.whole(Double(machine.descriptorLimit))) descriptors" : "",
        ])
    }

    /// The network of the connections, and their congestion control.
    private static func network(_ report: BenchReport) -> String {
        guard let network = report.network else {
            return joined([
                "the machine's", named("congestion control", report.machine.congestionControl),
            ])
        }
        let congestion = named("congestion control", network.congestionControl)
        guard network.isOwn else {
            let reason = network.reason.map { ": \($0)" } ?? ""
            return joined(["the machine's", congestion]) + reason
        }
        let other = network.machinesCongestionControl
        let machines = other == network.congestionControl ? "" : named("the machine's is", other)
        return joined(
            ["a namespace of the run's own", congestion, machines] + network.differences)
    }

    private static func mitigations(_ machine: MachineFacts) -> String {
        let names = machine.mitigations.keys.sorted()
        return names.isEmpty
            ? "none in force" : "\(names.count) in force: \(names.joined(separator: ", "))"
    }

    static func placement(_ report: BenchReport) -> String {
        let machine = report.machine
        func cores(_ cores: [Int]) -> String {
            let text = ReportText.cores(cores)
            return text.isEmpty
                ? "any core" : Set(cores).count == 1 ? "core \(text)" : "cores \(text)"
        }
        let (load, proxy) = (Set(machine.loadCores), Set(machine.proxyCores))
        let origin = Set(machine.originCores)
        if load == proxy, proxy == origin {
            return "\(report.placement.rawValue): load, proxy and origin share "
                + cores(machine.proxyCores)
        }
        let rest =
            load == origin
            ? "load and origin share \(cores(machine.loadCores))"
            : "load on \(cores(machine.loadCores)), origin on \(cores(machine.originCores))"
        return "\(report.placement.rawValue): proxy on \(cores(machine.proxyCores)), \(rest)"
    }

    private static func rounds(_ report: BenchReport) -> String {
        "\(report.rounds), interleaved, each a window of "
            + "\(ReportText.number(report.windowSeconds)) s after "
            + "\(ReportText.number(report.warmUpSeconds)) s of warm-up"
    }

    private static func crossCheck(_ check: CrossCheck) -> String {
        let own = ReportText.number(check.ownCPUPerRequest * 1e6)
        let wrk = ReportText.number(check.wrkCPUPerRequest * 1e6)
        return "\(check.scenario) of \(check.subject): CPU a request \(own) µs under our load, "
            + "\(wrk) µs under wrk; \(ReportText.whole(check.ownRequestsPerSecond)) and "
            + "\(ReportText.whole(check.wrkRequestsPerSecond)) requests/s"
    }
}
