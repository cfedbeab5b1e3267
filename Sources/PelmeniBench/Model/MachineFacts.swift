/// Facts of the machine that a reader needs to judge a figure.
package struct MachineFacts: Codable, Equatable, Sendable {
    package var processor = ""
    package var logicalCores = 0
    /// Logical cores that are threads of one core: `0-1, 2-3`.
    package var coreSharing = ""
    package var hypervisor = ""
    package var memoryBytes: UInt64 = 0
    package var kernel = ""
    package var system = ""
    /// The kernel's mitigation of each known vulnerability.
    package var mitigations: [String: String] = [:]
    package var congestionControl = ""
    package var descriptorLimit: UInt64 = 0
    package var governor = ""
    /// The logical cores of load, proxy and origin.
    package var loadCores: [Int] = []
    package var proxyCores: [Int] = []
    package var originCores: [Int] = []

    package init() {}
}
