/// The progress of a run.
package struct BenchProgress: Equatable, Sendable {
    package var scenario: String
    package var subject: String
    package var round: Int
    package var rounds: Int
    /// The done part of the whole run, 0 to 1.
    package var done: Double
    /// Nil until a sample allows an estimate.
    package var secondsLeft: Double?
}
