internal import Glibc
internal import Pelmeni

/// A check that failed, and why.
package struct ExampleFailure: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// The check of an example by itself: prints `ok` and ends with 0, or the reason and ends with 1.
package enum ExampleCheck {
    /// Seconds that a check may take.
    private static let secondsMax: UInt32 = 60

    package static func run(_ body: () async throws -> Void) async -> Never {
        signal(SIGALRM) { _ in
            let text: StaticString = "failed: the check took too long\n"
            write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
            _exit(1)
        }
        alarm(secondsMax)
        do {
            try await body()
        } catch let error as EngineError where error.kind == .backendRefused {
            print("skipped: \(error)")
            exit(0)
        } catch {
            print("failed: \(error)")
            exit(1)
        }
        print("ok")
        exit(0)
    }

    /// Fails unless a condition holds.
    package static func require(
        _ holds: Bool, _ reason: @autoclosure () -> String
    ) throws(ExampleFailure) {
        if !holds { throw ExampleFailure(reason()) }
    }

    /// Fails unless two values are equal.
    package static func equal<Value: Equatable>(
        _ found: Value, _ wanted: Value, _ subject: @autoclosure () -> String
    ) throws(ExampleFailure) {
        if found != wanted {
            throw ExampleFailure("\(subject()): \(found) instead of \(wanted)")
        }
    }

    /// Waits until a condition holds; fails after five seconds.
    package static func wait(
        _ subject: @autoclosure () -> String, until holds: () -> Bool
    ) throws(ExampleFailure) {
        for _ in 0..<50_000 {
            if holds() { return }
            usleep(100)
        }
        throw ExampleFailure("waited in vain: \(subject())")
    }
}
