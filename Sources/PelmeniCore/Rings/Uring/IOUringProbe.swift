internal import CPelmeni

/// The result of a probe of io_uring, made once a process.
package struct IOUringProbe: Sendable {
    package enum Verdict: Sendable, Equatable {
        case granted
        /// The kernel refuses io_uring, or a filter does.
        case refused(SystemError)
        /// A required feature is missing.
        case lacking
        /// The self-test lost bytes or got wrong ones.
        case unsound(SystemError)
    }

    package var verdict: Verdict
    /// Usable: granted and not masked.
    package var features: IOUringFeatures
    /// Granted by the kernel.
    package var kernelFeatures: IOUringFeatures

    /// Probes the kernel, and moves and verifies bytes unless `selfTest` is false. Takes
    /// milliseconds.
    package static func run(without: IOUringFeatures, selfTest: Bool = true) -> IOUringProbe {
        let result = pelmeni_uring_probe(without.rawValue, selfTest ? 1 : 0)
        let verdict: Verdict =
            switch UInt32(bitPattern: result.stage) {
            case PELMENI_STAGE_GRANTED.rawValue: .granted
            case PELMENI_STAGE_FEATURE.rawValue: .lacking
            case PELMENI_STAGE_SELF_TEST.rawValue: .unsound(SystemError(code: result.error))
            default: .refused(SystemError(code: result.error))
            }
        return IOUringProbe(
            verdict: verdict, features: IOUringFeatures(rawValue: result.features),
            kernelFeatures: IOUringFeatures(rawValue: result.kernel_features))
    }
}
