/// Every contact of a worker with the kernel, whichever backend does it.
///
/// Completion is the model: an operation is enqueued with a ``Token``, and comes back as one
/// ``Completion``, or as several while ``Completion/more`` is set. A ring that only knows readiness
/// makes the call itself when the socket is ready and hands out the same completion.
///
/// Rules that every ring keeps, and that the conformance suite checks on all of them:
///
/// - Nothing completes inside an enqueue; completions come from ``next()`` only.
/// - A slot has at most one operation of each ``OperationKind`` in flight.
/// - ``next()`` hands completions of immediate sends out before it reads again, so that a block
///   goes back to the pool as early as can be.
/// - `cancel` makes the target end (with `ECANCELED`, or with its real result when that was
///   faster); the cancel itself has no completion of its own.
/// - Errors and ends of one socket come in the order in which they happened: a receive's end that
///   follows a reset does not overtake the send that was told of the reset.
/// - A socket is closed only once nothing of its slot is in flight, and after ``detach(_:)``.
package protocol Ring: ~Copyable {
    /// What the caller may rely on: whether a receive stays armed, and how many bytes it may bring.
    var isMultishot: Bool { get }
    /// A receive that stays armed may miss an end or a reset that comes together with bytes: it is
    /// waited for in vain then, until ``isOver(_:)`` was asked and the receive armed anew.
    var mayMissEnds: Bool { get }

    /// The calls that no ring makes its own.
    associatedtype Calls: SystemCalls
    var calls: Calls { get }

    // MARK: Operations

    /// Makes a socket known under its slot before its first operation. 0 or -errno.
    ///
    /// - Parameter isShared: only reading is of interest, and what is there is told of until it is
    ///   read: a listener that other workers watch too, or a connected socket of datagrams.
    /// - Parameter isUnix: a stream over a Unix socket, whose reads may stop behind a passed
    ///   descriptor.
    mutating func attach(_ socket: Int32, token: Token, isShared: Bool, isUnix: Bool) -> Int32

    /// Ends what ``attach(_:token:isShared:isUnix:)`` began, right before the socket is closed:
    /// nothing that the kernel still tells of the socket concerns the slot, and the socket's number
    /// may be another one's at once.
    mutating func detach(_ token: Token)

    /// Accepts connections: one, or with `multishot` until cancelled or out of descriptors. Each
    /// completion's result is a socket in the mode that this ring needs. A ring may end a multishot
    /// accept at any time.
    mutating func accept(_ listener: Int32, multishot: Bool, token: Token)

    /// Never waits for another connect: one to a Unix socket whose queue is full ends with
    /// `-EAGAIN`.
    ///
    /// - Parameter address: must stay valid until the next ``submit(until:)``.
    mutating func connect(_ socket: Int32, to address: UnsafePointer<SocketAddress>, token: Token)

    /// Receives into blocks of `blockClass`: one block each completion, at most `limit` bytes in
    /// all (rounded up to a whole block), then ends without ``Completion/more``. A ring that is not
    /// multishot ends after the first, and any ring may end before its limit, with bytes or
    /// without.
    ///
    /// Result 0 is the end of the stream. `-ENOBUFS`: the pool had no block; arm again when one is
    /// back.
    ///
    /// - Parameters:
    ///   - isUnix: a Unix stream, of which ``Completion/Flags/descriptors`` is told. Its limit is
    ///     one block.
    ///   - expectsBytes: false when nothing is likely to be there yet.
    mutating func receive(
        _ socket: Int32, blockClass: BlockClass, limit: Int, isUnix: Bool, expectsBytes: Bool,
        token: Token)

    /// Sends the first `count` pieces of a queue in order. The result counts bytes from the first
    /// piece on and may be short; the caller goes on from there. The pieces stay in the queue until
    /// the completion.
    mutating func send(_ socket: Int32, first: PieceID, count: Int, token: Token)

    /// Receives datagrams until cancelled, each, or each train of them, into a block of the
    /// datagram class laid out as `pelmeni_datagram.h` says. The result is the payload's bytes; 0
    /// is a datagram without any.
    ///
    /// It ends without ``Completion/more`` at any time, with a datagram or without. `-ENOBUFS`: the
    /// pool had no block. Other errors are what the network said of an earlier datagram
    /// (`-ECONNREFUSED`, say).
    ///
    /// - Parameters:
    ///   - isUnix: which layout the block gets.
    ///   - isListener: many clients send to it, so many datagrams are to be expected at once.
    mutating func receiveDatagrams(
        _ socket: Int32, isUnix: Bool, isListener: Bool, token: Token)

    /// Sends one datagram or train. Any number of them may be in flight on a socket; each ends
    /// once.
    ///
    /// - Parameters:
    ///   - outgoing: stays where it is until the completion, whose token carries its number.
    ///
    /// A full socket ends it with `-EAGAIN`.
    mutating func sendDatagrams(
        _ socket: Int32, _ outgoing: UnsafeMutablePointer<OutgoingDatagram>, token: Token)

    /// Completes with a result that is not negative once a stream may have bytes, its end, or an
    /// error. It counts as a receive: there is none beside it.
    mutating func awaitReadable(_ socket: Int32, token: Token)

    /// Completes with a result that is not negative once a connected socket of datagrams, or a
    /// stream that would take no more, may have room again. One for each slot at a time; it counts
    /// as a send.
    mutating func awaitWritable(_ socket: Int32, slot: UInt32, token: Token)

    /// Ends the wait for room that carries this token.
    mutating func cancelWritable(_ target: Token, slot: UInt32)

    /// Completes once after another thread signalled the event (an eventfd made by the engine).
    mutating func wake(_ event: Int32, token: Token)

    /// Ends the operation that carries this token.
    mutating func cancel(_ target: Token)

    /// Hands everything over and waits until a completion is there, or the clock reaches
    /// `deadline`.
    ///
    /// - Returns: 0, or a -errno after which the ring cannot be used any more.
    mutating func submit(until deadline: UInt64) -> Int32

    /// The next completion, if there is one.
    mutating func next() -> Completion?

    /// Blocks that a receive of this class could still be given: free ones, and those already
    /// posted.
    func available(_ blockClass: BlockClass) -> Int
    /// Blocks that receives can take before the next ``refill()``: the posted ones, where blocks
    /// are posted.
    func reachable(_ blockClass: BlockClass) -> Int

    /// Posts fresh blocks for those that went out. Called once a loop, after the completions.
    mutating func refill()

    /// Moves bytes from one stream to another by way of a pipe, without copying them: first what is
    /// in the pipe, then what can be received. It stops when one side has no more, or `most` bytes
    /// were received. The pipe is filled only when it is empty.
    ///
    /// - Parameters:
    ///   - from: -1 when only the pipe is to be emptied.
    ///   - slot: that of `from`.
    ///   - inside: bytes that the pipe holds.
    mutating func splice(
        from: Int32, slot: UInt32, to: Int32, pipe: SplicePipe, inside: Int, most: Int
    ) -> SpliceResult

    /// How often this ring entered the kernel to submit or wait.
    var enters: UInt64 { get }
}

extension Ring where Self: ~Copyable {
    /// Makes any other socket than a Unix stream known.
    @inline(__always)
    package mutating func attach(_ socket: Int32, token: Token, isShared: Bool) -> Int32 {
        attach(socket, token: token, isShared: isShared, isUnix: false)
    }
}
