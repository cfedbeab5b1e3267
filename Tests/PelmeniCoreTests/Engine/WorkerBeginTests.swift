import CPelmeni
import Glibc
import Testing

@testable import PelmeniCore

/// A worker whose ring refuses a listener does not begin, and keeps nothing.
@Suite struct WorkerBeginTests {
    @Test(arguments: [0, 1, 2]) func aListenerThatEpollRefuses(place: Int) throws {
        // The poller cannot watch it: epoll_ctl(2) returns EPERM, or ENOSPC over the user's limit.
        let refused = open("/dev/null", O_RDWR | O_CLOEXEC)
        #expect(refused >= 0)
        var sockets = try (0..<2).map { _ in try LoopbackSocket.listen().socket }
        sockets.insert(refused, at: place)
        let harness = try WorkerHarness(
            .epoll, listeners: sockets, upstreams: Array(repeating: [], count: 3),
            settings: WorkerHarness.Settings())
        harness.start()
        let report = try #require(harness.join(seconds: 20))
        #expect(report.failure == -EPERM)
        #expect(report.leaks.isEmpty, "\(report.leaks)")
        #expect(report.accepted == 0)
    }
}
