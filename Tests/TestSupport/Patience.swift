import Foundation

/// A moment after which a wait has failed. Every wait of a test has one, long enough for a machine
/// that has other work: a wait that ends well is not longer for it.
package struct Patience: Sendable {
    /// The longest wait of a test that says nothing else.
    package static let usual = Duration.seconds(30)

    private let end: ContinuousClock.Instant
    private let total: Duration

    package init(_ total: Duration = Self.usual) {
        self.total = total
        end = ContinuousClock.now + total
    }

    package var isOver: Bool { ContinuousClock.now >= end }

    /// The remaining time, at least one millisecond, for poll(2).
    package var milliseconds: Int32 {
        let (seconds, attoseconds) = (end - ContinuousClock.now).components
        return Int32(clamping: max(1, seconds * 1_000 + attoseconds / 1_000_000_000_000_000))
    }

    package func failure(_ what: String) -> Overdue {
        Overdue(description: "waited \(total) in vain: \(what)")
    }
}

/// An expected event did not happen.
package struct Overdue: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}

/// Waits for a state without a notification: a counter, a file.
package func waitUntil(
    _ what: String, within: Duration = Patience.usual, _ condition: () throws -> Bool
) throws {
    let patience = Patience(within)
    while try !condition() {
        if patience.isOver { throw patience.failure(what) }
        usleep(2_000)
    }
}

extension Duration {
    /// As a number that can be printed and compared.
    package var inMilliseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) * 1_000 + Double(attoseconds) / 1e15
    }
}

/// Whether `make test-long` runs the tests: some then try all of what they else take a part of.
package var isLongTest: Bool {
    ProcessInfo.processInfo.environment["PELMENI_LONG"] != nil
}
