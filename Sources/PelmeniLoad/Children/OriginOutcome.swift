/// What an origin process saw in its life, as one line of JSON.
package struct OriginOutcome: Codable, Equatable, Sendable {
    package var accepted = 0
    package var requests = 0
    package var faults: [String: Int] = [:]
    package var failure: String?

    package init() {}
}
