// One value of an asynchronous hook serves all sessions at once.
import Pelmeni

// error on the next line: does not conform to protocol 'AsyncBeforeForward'
struct Counted: AsyncBeforeForward {
    private var count = 0

    mutating func beforeForward(
        _ data: consuming Buffer, _ session: SessionInfo
    ) async throws -> AsyncVerdict {
        count += 1
        return .forward(data)
    }
}
