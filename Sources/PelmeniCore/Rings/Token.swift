/// Which operation of a slot a completion belongs to: the lowest eight bits of a ``Token``.
package enum OperationKind: UInt8, CaseIterable, Sendable {
    /// Of no operation: the token of 64 zeros is nobody's.
    case unused
    case wake
    case accept
    case connect
    case receive
    case send
    case cancel
    /// Datagrams of a socket, until cancelled.
    case receiveDatagrams
    /// A datagram or a train of them; the index is that of its ``OutgoingDatagram`` row, the
    /// generation 0.
    case sendDatagrams
    /// A stream that may have bytes, its end, or an error.
    case awaitReadable
    /// A stream that may take bytes again.
    case awaitWritable
}

/// 64 bits that tie a completion to the slot that asked for it: kind 8, generation 24, index 32.
///
/// Never a pointer and never a descriptor: both are used again while old completions are still on
/// their way. A slot's generation goes up each time the slot is freed, so a stale completion is
/// seen.
package struct Token: Equatable, Sendable {
    package var rawValue: UInt64

    @inline(__always)
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// - Parameters:
    ///   - generation: only its low 24 bits count.
    @inline(__always)
    package init(_ kind: OperationKind, index: UInt32, generation: UInt32) {
        rawValue =
            UInt64(index) << 32 | UInt64(generation & 0xff_ffff) << 8 | UInt64(kind.rawValue)
    }

    @inline(__always)
    package var kind: OperationKind {
        // A checked conversion costs some ten instructions, four times a request. Cases without
        // payloads are numbered in order, which a test checks.
        let value = UInt8(truncatingIfNeeded: rawValue)
        assert(OperationKind(rawValue: value) != nil, "a token of no kind")
        return unsafeBitCast(value, to: OperationKind.self)
    }

    @inline(__always)
    package var generation: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 8) & 0xff_ffff }

    @inline(__always)
    package var index: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) }

    /// The same slot and generation, another operation.
    @inline(__always)
    package func with(_ kind: OperationKind) -> Token {
        Token(rawValue: rawValue & ~0xff | UInt64(kind.rawValue))
    }
}
