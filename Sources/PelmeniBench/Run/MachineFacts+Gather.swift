internal import CPelmeni

extension MachineFacts {
    private static let cpuFolder = "/sys/devices/system/cpu"

    /// Collects facts that identify neither the machine nor its owner.
    static func gather() -> MachineFacts {
        var facts = MachineFacts()
        let info = TextFile.read("/proc/cpuinfo") ?? ""
        // Kernels for Arm have no model name here.
        facts.processor = value(of: "model name", in: info) ?? "unknown"
        facts.logicalCores = CoreSet.usable.cores.count
        facts.coreSharing = sharing()
        facts.hypervisor = hypervisor(info)
        facts.memoryBytes = memory(TextFile.read("/proc/meminfo") ?? "")
        facts.kernel = TextFile.line("/proc/sys/kernel/osrelease")
        facts.system = system(TextFile.read("/etc/os-release") ?? "")
        for name in TextFile.names(in: "\(cpuFolder)/vulnerabilities") {
            let state = TextFile.line("\(cpuFolder)/vulnerabilities/\(name)")
            if !state.isEmpty, state != "Not affected" { facts.mitigations[name] = state }
        }
        facts.congestionControl = TextFile.line("/proc/sys/net/ipv4/tcp_congestion_control")
        if let limit = gatherDescriptorLimit() { facts.descriptorLimit = limit }
        facts.governor = TextFile.line("\(cpuFolder)/cpu0/cpufreq/scaling_governor")
        return facts
    }

    /// The present limit of this process, which its children inherit; nil when it is not known.
    static func gatherDescriptorLimit() -> UInt64? {
        var soft: UInt64 = 0
        var hard: UInt64 = 0
        return pelmeni_descriptor_limit(&soft, &hard) == 0 ? soft : nil
    }

    /// The threads of this core's physical core, itself included.
    static func siblings(_ core: Int) -> [Int] {
        coreList(TextFile.line("\(cpuFolder)/cpu\(core)/topology/thread_siblings_list"))
    }

    /// A list in the kernel's form: `0-1,4`.
    static func coreList(_ text: String) -> [Int] {
        text.split(separator: ",").flatMap { part -> [Int] in
            let ends = part.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first <= last, last < 1 << 16 else {
                return []
            }
            return Array(first...last)
        }
    }

    static func system(_ text: String) -> String {
        for line in text.split(separator: "\n") where line.hasPrefix("PRETTY_NAME=") {
            return line.dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" }
        }
        return "unknown"
    }

    static func memory(_ text: String) -> UInt64 {
        let words = value(of: "MemTotal", in: text)?.split(separator: " ") ?? []
        return (words.first.flatMap { UInt64($0) } ?? 0) << 10
    }

    private static func value(of key: String, in text: String) -> String? {
        for line in text.split(separator: "\n") where line.hasPrefix(key) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            return String(line[line.index(after: colon)...]).trimmingSpaces
        }
        return nil
    }

    private static func sharing() -> String {
        var seen: Set<String> = []
        return CoreSet.usable.cores.compactMap { core in
            let list = TextFile.line("\(cpuFolder)/cpu\(core)/topology/thread_siblings_list")
            return list.isEmpty || !seen.insert(list).inserted ? nil : list
        }.joined(separator: ", ")
    }

    private static func hypervisor(_ info: String) -> String {
        let flags = value(of: "flags", in: info)?.split(separator: " ") ?? []
        guard flags.contains("hypervisor") else { return "" }
        let vendor = TextFile.line("/sys/class/dmi/id/sys_vendor")
        return vendor.isEmpty ? "unnamed" : vendor
    }
}
