/// Framed streams with messages left to cut, and the message budget of a loop.
struct CutQueue {
    private var streams = RowQueue<FramedRow>()
    /// Messages that this loop may still cut.
    private(set) var budget = Limits.messagesInLoop

    @inline(__always)
    var isEmpty: Bool { streams.isEmpty }
    var count: Int { streams.count }

    /// A new loop begins.
    @inline(__always)
    mutating func renew() { budget = Limits.messagesInLoop }

    /// Grants a stream its messages; the unused ones come back with ``giveBack(_:)``.
    @inline(__always)
    mutating func grant() -> Int {
        let messages = min(Limits.messagesAtOnce, budget)
        budget &-= messages
        return messages
    }

    @inline(__always)
    mutating func giveBack(_ messages: Int) { budget &+= messages }

    mutating func append(_ stream: FramedID, _ rows: FramedTable) {
        assert(!rows[stream].isQueued, "a stream stands in the queue once")
        rows[stream].isQueued = true
        streams.append(stream, rows)
    }

    /// The next stream of a queue that is not empty.
    mutating func popFirst(_ rows: FramedTable) -> FramedID {
        let stream = streams.popFirst(rows)
        rows[stream].isQueued = false
        return stream
    }

    mutating func remove(_ stream: FramedID, _ rows: FramedTable) {
        let wasThere = streams.remove(stream, rows)
        assert(wasThere, "a stream that is queued stands in the queue")
        rows[stream].isQueued = false
    }
}
