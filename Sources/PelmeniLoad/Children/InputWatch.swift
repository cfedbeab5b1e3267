internal import CPelmeni
internal import Glibc
internal import PelmeniCore
internal import PelmeniRuntime

/// Waits for the end of an input, or its next line, beside the work of its process.
final class InputWatch: Sendable {
    private let signal: StopSignal
    private let thread: LoadThread<Bool>

    /// - Parameters:
    ///   - isLineEnough: a line ends the wait too, not only the end of the input.
    ///   - body: called at the end of the wait, on a thread of its own.
    init(
        _ input: LineInput, isLineEnough: Bool, body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        let signal = try StopSignal()
        self.signal = signal
        thread = try LoadThread("input") {
            while Self.wait(input, signal) {
                guard input.next() == nil || isLineEnough else { continue }
                body()
                return true
            }
            return false
        }
    }

    /// Waits for input; false when the watch is to end first.
    private static func wait(_ input: LineInput, _ signal: StopSignal) -> Bool {
        let events = Int16(POLLIN)
        while !signal.isRequested {
            var watched = [
                pollfd(fd: input.descriptor, events: events, revents: 0),
                pollfd(fd: signal.event, events: events, revents: 0),
            ]
            let count = poll(&watched, nfds_t(watched.count), -1)
            if count > 0, watched[0].revents != 0 { return true }
            if count < 0, errno != EINTR { return true }
        }
        return false
    }

    /// Returns at the end of the wait. Call either this or ``end()``, once.
    func value() async { _ = await thread.value() }

    /// Ends the wait.
    func end() async {
        signal.stop()
        _ = await thread.value()
    }
}
