import Pelmeni

/// The text of `--version`.
enum Version {
    static let number = "0.1.0"

    /// The version, and the features compiled in.
    static var text: String {
        """
        pelmeni \(number)
        schemes: \(Scheme.servedList)
        backends: \(Backend.allCases.map(\.rawValue).joined(separator: ", "))
        log formats: \(LogFormat.allCases.map(\.rawValue).joined(separator: ", "))
        """
    }
}
