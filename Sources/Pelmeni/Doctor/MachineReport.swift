internal import Glibc
internal import PelmeniCore
package import PelmeniRuntime

/// What this machine grants: the kernel, io_uring and its features, limits, and the backend of
/// `auto`.
package struct MachineReport: Codable, Equatable, Sendable {
    /// `Linux 6.18.5 x86_64`.
    package var kernel: String
    /// The backend of `auto`, and the reason.
    package var choice: Choice
    package var uring: Uring
    package var epoll: Epoll
    package var limits: Limits

    private enum CodingKeys: String, CodingKey {
        case kernel
        case choice = "auto"
        case uring = "io_uring"
        case epoll
        case limits
    }

    /// A backend, and the reason for it.
    package struct Choice: Codable, Equatable, Sendable {
        /// Nil where an engine would not start.
        package var backend: String?
        package var reason: String
    }

    /// Probes the machine. Takes some milliseconds: the probe moves bytes.
    package static func gather() -> MachineReport {
        let probe = IOUringProbe.run(without: [])
        return MachineReport(
            kernel: kernelName(), choice: choice(.auto, probe), uring: Uring(probe),
            epoll: Epoll(SendBatchProbe.refusal()), limits: Limits.gather())
    }

    /// The backend of an engine with this choice, without the `disabled` features.
    package static func choice(
        _ choice: BackendChoice, disabled: Set<IOUringFeature>
    ) -> Choice {
        guard choice != .epoll else {
            return Choice(backend: Backend.epoll.rawValue, reason: "asked for")
        }
        return self.choice(choice, IOUringProbe.run(without: disabled.mask))
    }

    static func choice(_ choice: BackendChoice, _ probe: IOUringProbe) -> Choice {
        do {
            let decision = try BackendDecision.decide(
                choice, probe: probe, spelling: .commandLine)
            return Choice(
                backend: decision.backend.rawValue,
                reason: decision.fallback.map(sentence)
                    ?? "io_uring is granted, and its self-test moved every byte right")
        } catch {
            // Lack of memory or descriptors decides about no backend, and a refusal leaves none
            // here.
            return Choice(backend: nil, reason: sentence(error))
        }
    }

    /// An error without its subject, which the report has beside it.
    static func sentence(_ error: EngineError) -> String {
        guard let errno = error.errno else { return error.reason }
        return "\(error.reason): \(errno)"
    }

    private static func kernelName() -> String {
        var names = utsname()
        guard uname(&names) == 0 else { return "unknown" }
        return [text(of: names.sysname), text(of: names.release), text(of: names.machine)]
            .joined(separator: " ")
    }

    private static func text<Characters>(of characters: Characters) -> String {
        withUnsafeBytes(of: characters) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
