// All workers call an asynchronous hook.
import Pelmeni

final class Counter {
    var count = 0
}

struct Counted: AsyncBeforeForward {
    // error on the next line: non-Sendable type 'Counter'
    let counter = Counter()

    func beforeForward(
        _ data: consuming Buffer, _ session: SessionInfo
    ) async throws -> AsyncVerdict { .forward(data) }
}
