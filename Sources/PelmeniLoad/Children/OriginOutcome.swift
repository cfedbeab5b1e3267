/// The counts of an origin process over its life, one line of JSON.
package struct OriginOutcome: Codable, Equatable, Sendable {
    package var accepted = 0
    package var requests = 0
    package var faults: [String: Int] = [:]
    package var failure: String?

    package init() {}
}
