internal import PelmeniCore
internal import PelmeniRuntime

extension MachineReport {
    /// io_uring on this machine.
    package struct Uring: Codable, Equatable, Sendable {
        package var isGranted: Bool
        /// Why not; nil when it is granted.
        package var refusal: Refusal?
        /// The value of the sysctl `kernel.io_uring_disabled`; nil where the kernel has none
        /// (before 6.6).
        package var disabledSetting: Int?
        /// The seccomp mode of this process: 0 none, 1 strict, 2 a filter.
        package var seccompMode: Int?
        package var features: [Feature]

        private enum CodingKeys: String, CodingKey {
            case isGranted = "granted"
            case refusal
            case disabledSetting = "disabled_setting"
            case seccompMode = "seccomp_mode"
            case features
        }

        /// Why io_uring cannot be used.
        package struct Refusal: Codable, Equatable, Sendable {
            package var reason: String
            /// The error's name, `EPERM` say.
            package var errno: String?
            /// Possible reasons, the likeliest first.
            package var hints: [String]
        }

        /// One feature of io_uring.
        package struct Feature: Codable, Equatable, Sendable {
            /// The name that `--io-uring-without` takes.
            package var name: String
            /// The first kernel that has it.
            package var since: String
            package var isGranted: Bool
            /// Whether Pelmeni would use it here.
            package var isUsed: Bool
            /// Whether Pelmeni needs it for io_uring.
            package var isNeeded: Bool
            package var purpose: String

            private enum CodingKeys: String, CodingKey {
                case name
                case since
                case isGranted = "granted"
                case isUsed = "used"
                case isNeeded = "needed"
                case purpose
            }
        }
    }
}

extension MachineReport.Uring {
    init(_ probe: IOUringProbe) {
        self.init(
            probe,
            disabledSetting: MachineReport.Files.number("/proc/sys/kernel/io_uring_disabled"),
            seccompMode: MachineReport.Files.status("Seccomp").flatMap { Int($0) })
    }

    init(_ probe: IOUringProbe, disabledSetting: Int?, seccompMode: Int?) {
        isGranted = probe.verdict == .granted
        self.disabledSetting = disabledSetting
        self.seccompMode = seccompMode
        features = IOUringFeatures.descriptions.map { entry in
            Feature(
                name: entry.name, since: entry.kernel,
                isGranted: probe.kernelFeatures.contains(entry.feature),
                isUsed: probe.verdict == .granted && Self.uses(entry.feature, of: probe.features),
                isNeeded: entry.isNeeded, purpose: entry.purpose)
        }
        guard probe.verdict != .granted else { return }
        let error = BackendDecision.refusal(probe.verdict, spelling: .commandLine)
        refusal = Refusal(
            reason: MachineReport.sentence(error), errno: error.errno?.name,
            hints: Self.hints(error, disabledSetting, seccompMode))
    }

    /// Some features need another one to be of use.
    private static func uses(_ feature: IOUringFeatures, of usable: IOUringFeatures) -> Bool {
        switch feature {
        case .multishotReceive, .receiveBounds:
            usable.contains([.multishotReceive, .receiveBounds])
        case .deferTaskRun: usable.contains([.deferTaskRun, .singleIssuer])
        default: usable.contains(feature)
        }
    }

    /// Observed reasons come before possible ones.
    private static func hints(
        _ error: EngineError, _ disabledSetting: Int?, _ seccompMode: Int?
    ) -> [String] {
        // Any other error comes from behind the filter and the setting.
        let isForbidden = ["EPERM", "EACCES", "ENOSYS"].contains(error.errno?.name ?? "")
        guard isForbidden else { return error.remedy.isEmpty ? [] : [error.remedy] }
        var hints: [String] = []
        if disabledSetting == 2 {
            hints.append(
                "kernel.io_uring_disabled is 2: nobody may; "
                    + "sysctl -w kernel.io_uring_disabled=0")
        } else if disabledSetting == 1 {
            hints.append(
                "kernel.io_uring_disabled is 1: only CAP_SYS_ADMIN and the group of "
                    + "kernel.io_uring_group may")
        }
        if seccompMode == 2 {
            hints.append(
                "a seccomp filter is on this process, as containers have by default: "
                    + "allow io_uring_setup, io_uring_enter and io_uring_register in its profile")
        }
        // The general remedy names possible reasons: for when none is observed.
        return hints.isEmpty && !error.remedy.isEmpty ? [error.remedy] : hints
    }
}
