import AllocationCount
import Pelmeni

/// 32 bytes of state, and no work.
struct FourCounts: BeforeForward, BeforeRespond {
    private var counts: InlineArray<4, Int> = .init(repeating: 0)

    mutating func beforeForward(
        _ data: inout Buffer, _ session: borrowing Session
    ) throws -> Verdict {
        allocation_count_mark()
        counts[0] &+= 1
        return .forward
    }

    mutating func beforeRespond(
        _ data: inout Buffer, _ session: borrowing Session
    ) throws -> Verdict {
        allocation_count_mark()
        counts[1] &+= 1
        return .forward
    }
}

/// Edits of each unit, which fit its block.
struct Edits: BeforeForward, BeforeRespond {
    private func edit(_ data: inout Buffer) throws -> Verdict {
        allocation_count_mark()
        guard !data.isEmpty else { return .forward }
        data.uppercaseASCII()
        try data.append("behind")
        try data.prepend("ahead")
        data.removeFirst(5)
        data.removeLast(6)
        return .forward
    }

    func beforeForward(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        try edit(&data)
    }

    func beforeRespond(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        try edit(&data)
    }
}

/// Holds back bytes of each chunk, or sends a buffer of its own before it.
struct Pieces: BeforeForward, BeforeRespond {
    let isHeld: Bool

    private func pass(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        allocation_count_mark()
        if isHeld {
            try data.hold(last: 5)
        } else {
            try session.emit(data.take(first: 1))
        }
        return .forward
    }

    func beforeForward(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        try pass(&data, session)
    }

    func beforeRespond(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        try pass(&data, session)
    }
}

/// Copies each unit into an array.
struct Arrays: BeforeForward, BeforeRespond {
    func beforeForward(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        allocation_count_mark()
        return data.array.contains(0) ? .drop : .forward
    }

    func beforeRespond(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        data.array.contains(0) ? .drop : .forward
    }
}

/// Goes on with one edit until an error ends it.
struct Endless: BeforeForward {
    let edit: String

    func beforeForward(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        guard !session.isEnd else { return .forward }
        while true {
            switch edit {
            case "append": try data.append("again and again")
            case "emit": try session.emit(Buffer([UInt8](repeating: 1, count: 1_000)))
            default: return .close("no such edit")
            }
        }
    }
}
