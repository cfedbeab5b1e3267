/// The rates of faults, in 65536ths; 0 is never.
package struct SimulatedFaults: Sendable {
    package var shortReceive: UInt32 = 0
    package var shortSend: UInt32 = 0
    package var earlyEnd: UInt32 = 0
    package var delay: UInt32 = 0
    package var reorder: UInt32 = 0
    package var spurious: UInt32 = 0
    package var stale: UInt32 = 0
    package var cancelLost: UInt32 = 0
    package var acceptAbort: UInt32 = 0
    package var connectRefuse: UInt32 = 0
    package var connectUnreachable: UInt32 = 0
    package var connectTimeout: UInt32 = 0
    package var connectSilent: UInt32 = 0
    package var clockJump: UInt32 = 0
    package var noPipe: UInt32 = 0
    /// A receive that stays armed misses an end that came together with bytes. This fault does not
    /// heal: the kernel works this way.
    package var missedEnd: UInt32 = 0
    // Datagrams.
    package var datagramFull: UInt32 = 0
    package var datagramInterrupted: UInt32 = 0
    package var datagramCut: UInt32 = 0
    package var datagramLost: UInt32 = 0
    package var noPort: UInt32 = 0
    /// The longest jump of the clock, in nanoseconds.
    package var clockJumpMost: UInt64 = 0
    /// The longest delay of a network event, in nanoseconds.
    package var latency: Int = 100_000
    /// The descriptor limit of the process.
    package var descriptorLimit = 4000

    package init() {}

    /// Ends all faults that heal.
    package mutating func heal() {
        let calm = self
        self = SimulatedFaults()
        latency = calm.latency
        missedEnd = calm.missedEnd
    }

    package var cutsSessions: Bool {
        acceptAbort | connectRefuse | connectUnreachable | connectTimeout | connectSilent != 0
            || descriptorLimit < 4000
    }
}
