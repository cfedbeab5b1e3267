/// What a reader has to know of the machine before believing a figure.
package struct MachineFacts: Codable, Equatable, Sendable {
    package var processor = ""
    package var logicalCores = 0
    /// Which logical cores are threads of one core: `0-1, 2-3`.
    package var coreSharing = ""
    package var hypervisor = ""
    package var memoryBytes: UInt64 = 0
    package var kernel = ""
    package var system = ""
    /// Of each known vulnerability that is mitigated, what the kernel does about it.
    package var mitigations: [String: String] = [:]
    package var congestionControl = ""
    package var descriptorLimit: UInt64 = 0
    package var governor = ""
    /// Which logical cores load, proxy and origin ran on.
    package var loadCores: [Int] = []
    package var proxyCores: [Int] = []
    package var originCores: [Int] = []

    package init() {}
}
