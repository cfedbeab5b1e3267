import Pelmeni
import Synchronization

/// Lines that hooks note, on the threads of workers.
final class Notes: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }
    func note(_ line: String) { lines.withLock { $0.append(line) } }
    func removeAll() { lines.withLock { $0.removeAll() } }
}

let notes = Notes()

/// One instance a session, with plain state.
struct Upper: BeforeRespond, OnClose {
    private var seen = 0

    mutating func beforeRespond(
        _ data: inout Buffer, _ session: borrowing Session
    ) throws -> Verdict {
        seen += data.count
        data.uppercaseASCII()
        return seen > 1_000_000 ? .close("enough") : .forward
    }

    mutating func onClose(_ cause: EndCause, _ session: borrowing Session) {
        notes.note("\(session.client.host) \(seen) \(cause)")
    }
}

/// Every moment of a server.
struct ServerMoments: OnOpen, BeforeForward, BeforeRespond, OnClose {
    private var steps = ""

    mutating func onOpen(_ session: borrowing Session) throws -> OpenVerdict {
        steps += "open,\(session.upstream == nil)"
        return .forward
    }

    mutating func beforeForward(
        _ data: inout Buffer, _ session: borrowing Session
    ) throws -> Verdict {
        steps += " forward,\(data.text),\(session.isToClient),\(session.isMessage)"
        return .forward
    }

    mutating func beforeRespond(
        _ data: inout Buffer, _ session: borrowing Session
    ) throws -> Verdict {
        steps += " respond,\(data.text),\(session.isToClient),\(session.upstream ?? -1)"
        return .forward
    }

    mutating func onClose(_ cause: EndCause, _ session: borrowing Session) {
        notes.note("server \(steps) close,\(cause)")
    }
}

/// Every moment of a client.
struct ClientMoments: OnOpen, BeforeSend, BeforeRespond, OnClose {
    private var steps = ""

    mutating func onOpen(_ session: borrowing Session) throws -> OpenVerdict {
        steps += "open"
        return .forward
    }

    mutating func beforeSend(
        _ data: inout Buffer, _ session: borrowing Session
    ) throws -> Verdict {
        steps += " send,\(data.text)"
        return .forward
    }

    mutating func beforeRespond(
        _ data: inout Buffer, _ session: borrowing Session
    ) throws -> Verdict {
        steps += " respond,\(data.text)"
        return .forward
    }

    mutating func onClose(_ cause: EndCause, _ session: borrowing Session) {
        notes.note("client \(steps) close,\(cause)")
    }
}

/// Looks at the first bytes alone: the rest is relayed as without hooks.
struct Greeting: BeforeForward {
    func beforeForward(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        guard data.count >= 4 || session.isEnd else {
            try data.hold(last: data.count)
            return .forward
        }
        guard data.starts(with: "EHLO".utf8) else {
            return .finish(try Buffer("500 say EHLO first\n"))
        }
        return .release
    }
}

/// An error closes the session, and its text is in the log.
struct Strict: BeforeForward {
    struct NotALetter: Error, CustomStringConvertible {
        let description = "a byte that is no letter"
    }

    func beforeForward(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        let bytes = data.bytes
        for index in bytes.indices where !(0x61...0x7a ~= bytes[index]) { throw NotALetter() }
        return .forward
    }
}

/// Changes bytes in place.
struct Rotated: BeforeForward {
    func beforeForward(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        var bytes = data.mutableBytes
        for index in bytes.indices { bytes[index] ^= 0x20 }
        return .forward
    }
}

/// Keeps a message beyond its call: the buffer owns its bytes. A hook type is copyable and a buffer
/// is not, so that a class holds it.
struct Delayed: BeforeForward {
    private final class Kept {
        var buffer = Buffer()
    }

    private let earlier = Kept()

    mutating func beforeForward(
        _ data: inout Buffer, _ session: borrowing Session
    ) throws -> Verdict {
        swap(&earlier.buffer, &data)
        return .forward
    }
}

/// Exchanges its message for the one before it, of whichever session and worker.
struct Exchanged: BeforeForward {
    private final class Kept: Sendable {
        let buffer = Mutex(Buffer())
    }

    private static let kept = Kept()

    func beforeForward(_ data: inout Buffer, _ session: borrowing Session) throws -> Verdict {
        Self.kept.buffer.withLock { kept in swap(&kept, &data) }
        return .forward
    }

    static func removeAll() { kept.buffer.withLock { $0 = Buffer() } }
}
