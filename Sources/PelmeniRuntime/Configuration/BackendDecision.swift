internal import Glibc
package import PelmeniCore

/// The backend of an engine, decided once for all workers.
package struct BackendDecision: Sendable {
    package var backend: Backend
    package var features: IOUringFeatures
    /// Why io_uring was given up for epoll; nil when it was not.
    package var fallback: EngineError?
    /// io_uring is present, but moved bytes wrong: worse than a refusal.
    package var isUnsound = false

    /// Probes io_uring where the choice allows it.
    ///
    /// `auto` falls back to epoll only when io_uring is refused, missing or unsound. Lack of memory
    /// or descriptors is a failure, and never decides about a backend.
    package static func decide(
        _ choice: BackendChoice, without: IOUringFeatures, servesDatagrams: Bool = false,
        spelling: OptionName.Spelling
    ) throws(EngineError) -> BackendDecision {
        if choice == .epoll { return BackendDecision(backend: .epoll, features: [], fallback: nil) }
        let decision = try decide(
            choice, probe: IOUringProbe.run(without: without), spelling: spelling)
        guard servesDatagrams, decision.backend == .ioUring,
            !decision.features.contains(.multishotReceive)
        else { return decision }
        let refusal = EngineError(
            kind: .backendRefused, side: .backend, subject: "io_uring",
            errno: SystemError(code: ENOSYS),
            reason: "datagrams need multishot-receive, which is missing or masked",
            remedy: "Linux 6.0 has it; use \(spelling.epoll) for \(spelling.datagramPairs)")
        if choice == .ioUring { throw refusal }
        return BackendDecision(backend: .epoll, features: [], fallback: refusal)
    }

    package static func decide(
        _ choice: BackendChoice, probe: IOUringProbe, spelling: OptionName.Spelling
    ) throws(EngineError) -> BackendDecision {
        if probe.verdict == .granted {
            return BackendDecision(backend: .ioUring, features: probe.features, fallback: nil)
        }
        let refusal = refusal(probe.verdict, spelling: spelling)
        if choice == .ioUring || refusal.kind == .failed { throw refusal }
        var decision = BackendDecision(backend: .epoll, features: [], fallback: refusal)
        if case .unsound = probe.verdict { decision.isUnsound = true }
        return decision
    }

    /// The error for a verdict.
    package static func refusal(
        _ verdict: IOUringProbe.Verdict, spelling: OptionName.Spelling
    ) -> EngineError {
        switch verdict {
        case .granted:
            return EngineError(
                kind: .failed, side: .backend, subject: "io_uring", reason: "granted")
        case .lacking:
            return EngineError(
                kind: .backendRefused, side: .backend, subject: "io_uring",
                errno: SystemError(code: ENOSYS),
                reason: "a feature that Pelmeni needs is missing or masked",
                remedy: "`pelmeni doctor` lists them; Linux 5.19 has all that are needed")
        case .unsound(let errno):
            let isOurs = isShortage(errno.code)
            return EngineError(
                kind: isOurs ? .failed : .backendRefused, side: .backend, subject: "io_uring",
                errno: errno, reason: "its self-test failed",
                remedy: isOurs
                    ? hint(errno.code, spelling)
                    : "bytes are not safe there; use \(spelling.epoll)")
        case .refused(let errno):
            return EngineError(
                kind: isRefusal(errno.code) ? .backendRefused : .failed, side: .backend,
                subject: "io_uring", errno: errno, reason: "the kernel refuses it",
                remedy: hint(errno.code, spelling))
        }
    }

    /// The errors of a refused or missing io_uring. Any other error is a failure that another
    /// backend must not hide.
    private static func isRefusal(_ code: Int32) -> Bool {
        [EPERM, EACCES, ENOSYS, EINVAL].contains(code)
    }

    private static func isShortage(_ code: Int32) -> Bool {
        [EMFILE, ENFILE, ENOMEM].contains(code)
    }

    private static func hint(_ code: Int32, _ spelling: OptionName.Spelling) -> String {
        switch code {
        case EPERM, EACCES:
            "a seccomp profile (containers have one by default) or kernel.io_uring_disabled forbids "
                + "it; allow it there, or use \(spelling.epoll)"
        case ENOSYS:
            "this kernel has no io_uring, or a sandbox hides it; use \(spelling.epoll)"
        case EINVAL:
            "this kernel is too old (5.19 is needed); use \(spelling.epoll)"
        case ENOMEM:
            "memory or RLIMIT_MEMLOCK is used up; raise it (`ulimit -l`)"
        case EMFILE, ENFILE:
            "no descriptor is left; raise RLIMIT_NOFILE (`ulimit -n`)"
        default:
            "`pelmeni doctor` says more; \(spelling.epoll) does without it"
        }
    }
}
