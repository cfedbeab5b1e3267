internal import CPelmeni

/// What a probe of io_uring found, once a process.
package struct IOUringProbe: Sendable {
    package enum Verdict: Sendable, Equatable {
        case granted
        /// The kernel refuses io_uring, or a filter does.
        case refused(Errno)
        /// A feature that Pelmeni needs is missing.
        case lacking
        /// Bytes came out wrong or not at all.
        case unsound(Errno)
    }

    package var verdict: Verdict
    /// Usable: granted and not masked.
    package var features: IOUringFeatures
    /// Granted by the kernel.
    package var kernelFeatures: IOUringFeatures

    /// Asks the kernel, and moves and verifies bytes unless `selfTest` is false. Takes
    /// milliseconds.
    package static func run(without: IOUringFeatures, selfTest: Bool = true) -> IOUringProbe {
        let result = pelmeni_uring_probe(without.rawValue, selfTest ? 1 : 0)
        let verdict: Verdict =
            switch UInt32(bitPattern: result.stage) {
            case PELMENI_STAGE_GRANTED.rawValue: .granted
            case PELMENI_STAGE_FEATURE.rawValue: .lacking
            case PELMENI_STAGE_SELF_TEST.rawValue: .unsound(Errno(code: result.error))
            default: .refused(Errno(code: result.error))
            }
        return IOUringProbe(
            verdict: verdict, features: IOUringFeatures(rawValue: result.features),
            kernelFeatures: IOUringFeatures(rawValue: result.kernel_features))
    }
}
