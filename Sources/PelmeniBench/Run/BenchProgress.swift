/// Where a run is.
package struct BenchProgress: Equatable, Sendable {
    package var scenario: String
    package var subject: String
    package var round: Int
    package var rounds: Int
    /// Of the whole run, 0 to 1.
    package var done: Double
    /// Nil until there is something to judge by.
    package var secondsLeft: Double?
}
