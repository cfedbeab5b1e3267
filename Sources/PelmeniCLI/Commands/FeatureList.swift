import Pelmeni

/// The io_uring features of `--io-uring-without`.
enum FeatureList {
    /// Names as `doctor` lists them, `6.1` for all features that Linux 6.1 lacks, or `none`.
    static func parse(_ names: [String]) throws(EngineError) -> Set<IOUringFeature> {
        var features: Set<IOUringFeature> = []
        for name in names {
            switch name {
            case "none": break
            case "6.1": features.formUnion(Set.newerThanLinux61)
            default:
                guard let feature = IOUringFeature(rawValue: name) else { throw unknown(name) }
                features.insert(feature)
            }
        }
        return features
    }

    private static func unknown(_ name: String) -> EngineError {
        let known = IOUringFeature.allCases.map(\.rawValue).joined(separator: ", ")
        return EngineError(
            kind: .usage, side: .engine, subject: name,
            reason: "no io_uring feature has this name", remedy: "one of none, 6.1, \(known)")
    }
}
