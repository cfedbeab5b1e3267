internal import CPelmeni
internal import PelmeniCore
internal import PelmeniRuntime

/// A timer that a ring can wait for, exact to some microseconds: the ring's own wait is rounded up
/// to a millisecond, and an open loop would send that much too late.
struct PreciseTimer: ~Copyable {
    let descriptor: Int32
    private var deadline: UInt64 = .max

    init() throws(SystemError) {
        descriptor = pelmeni_timer_create()
        if descriptor < 0 { throw SystemError(code: descriptor) }
    }

    deinit { if descriptor >= 0 { _ = pelmeni_socket_close(descriptor) } }

    /// Makes the descriptor readable at `deadline`, in monotonic nanoseconds; with `.max` never.
    mutating func fire(at deadline: UInt64) {
        guard deadline != self.deadline else { return }
        self.deadline = deadline
        // A time of 0 would disarm the timer; a past time fires at once.
        _ = pelmeni_timer_set(descriptor, deadline == .max ? 0 : max(1, deadline))
    }

    /// The timer has fired.
    mutating func taken() { deadline = .max }
}
