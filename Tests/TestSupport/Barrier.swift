import Synchronization

/// A fixed number of threads wait at it for one another.
package final class Barrier: Sendable {
    private let missing: Mutex<Int>
    private let gate = Gate()

    package init(count: Int) { missing = Mutex(count) }

    package func arrive() {
        let isLast = missing.withLock { missing in
            missing -= 1
            return missing == 0
        }
        if isLast { gate.open() }
        gate.pass()
    }
}
