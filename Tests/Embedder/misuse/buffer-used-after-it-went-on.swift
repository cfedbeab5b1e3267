// A verdict consumes its buffer.
import Pelmeni

struct Twice: AsyncBeforeForward {
    func beforeForward(
        // error on the next line: used after consume
        _ data: consuming Buffer, _ session: SessionInfo
    ) async throws -> AsyncVerdict {
        let verdict = AsyncVerdict.forward(data)
        return data.isEmpty ? .drop : verdict
    }
}
