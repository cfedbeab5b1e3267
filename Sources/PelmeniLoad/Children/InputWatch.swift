internal import CPelmeni
internal import Glibc
internal import PelmeniCore

/// Waits for an input's end, or its next line, while its process does something else.
final class InputWatch: Sendable {
    private let signal: StopSignal
    private let thread: LoadThread<Bool>

    /// - Parameters:
    ///   - isLineEnough: a line counts too, not only the end.
    ///   - body: called when it has come, on a thread of its own.
    init(
        _ input: LineInput, isLineEnough: Bool, body: @escaping @Sendable () -> Void
    ) throws(Errno) {
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

    /// Until there is something to read; false when the watch is to end before.
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

    /// Returns when it has come. Either this or ``end()`` is to be called, once.
    func value() async { _ = await thread.value() }

    /// Waits no longer.
    func end() async {
        signal.stop()
        _ = await thread.value()
    }
}
