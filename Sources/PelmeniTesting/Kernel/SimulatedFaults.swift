/// How often what goes wrong, in 65536ths; 0 is never.
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
    /// A receive that stays armed is not told of what came together with bytes. No fault that
    /// heals: the kernel is so.
    package var missedEnd: UInt32 = 0
    // Datagrams.
    package var datagramFull: UInt32 = 0
    package var datagramInterrupted: UInt32 = 0
    package var datagramCut: UInt32 = 0
    package var datagramLost: UInt32 = 0
    package var noPort: UInt32 = 0
    /// How far the clock jumps at the most, in nanoseconds.
    package var clockJumpMost: UInt64 = 0
    /// Events of the network take up to so long, in nanoseconds.
    package var latency: Int = 100_000
    /// Descriptors that the process may have.
    package var descriptorLimit = 4000

    package init() {}

    /// Everything works again.
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
