import Glibc

/// Prints the seed of a trap: a crash has no other report.
enum SimulatorCrash {
    /// Used only by the simulator's one thread, and the handler that interrupts it.
    nonisolated(unsafe) static var seed: UInt64 = 0

    static func watch() {
        for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT] {
            signal(number) { number in
                SimulatorOutput.error(
                    "\nseed \(SimulatorCrash.seed): crashed with signal \(number)\n"
                        + "replay: pelmeni-simulator --seed \(SimulatorCrash.seed)")
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }
}
