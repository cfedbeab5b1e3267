internal import CPelmeni

/// Sends of one piece on many sockets, gathered for one system call.
///
/// On one core a send(2) that wakes its receiver may yield the core to it: two task switches for
/// one message. After one call the receiver finds all its messages
/// ([0017](../../../../docs/decisions/0017-epoll-sends-in-batches.md)).
struct SendBatch {
    private let writes: OpaquePointer
    private let tokens: UnsafeMutablePointer<Token>
    private let results: UnsafeMutablePointer<Int32>
    private(set) var count = 0

    static var capacity: Int { Int(PELMENI_BATCH_WRITES) }

    /// Nil when memory is short.
    ///
    /// - Parameter isUsed: false makes no call to the kernel.
    init?(isUsed: Bool) {
        guard let writes = pelmeni_batch_create(isUsed ? 1 : 0) else { return nil }
        self.writes = writes
        tokens = .allocate(capacity: Self.capacity)
        results = .allocate(capacity: Self.capacity)
    }

    func destroy() {
        pelmeni_batch_destroy(writes)
        tokens.deallocate()
        results.deallocate()
    }

    /// Why every send is a call of its own; nil when sends leave in batches.
    var refusal: SystemError? {
        let code = pelmeni_batch_refusal(writes)
        return code < 0 ? SystemError(code: code) : nil
    }

    @inline(__always)
    var isFull: Bool { count == Self.capacity }

    /// Adds a send to a batch that is not full. The bytes stay in place until it is sent.
    @inline(__always)
    mutating func append(
        _ socket: Int32, _ data: UnsafeRawPointer, _ length: Int, token: Token
    ) {
        pelmeni_batch_set(writes, Int32(truncatingIfNeeded: count), socket, data, length)
        tokens[count] = token
        count &+= 1
    }

    /// Sends the batch and returns its size. The tokens and results are valid until the next
    /// `append`.
    @inline(__always)
    mutating func send() -> Int {
        pelmeni_batch_write(writes, Int32(truncatingIfNeeded: count), results)
        defer { count = 0 }
        return count
    }

    @inline(__always)
    func outcome(_ index: Int) -> (token: Token, result: Int32) { (tokens[index], results[index]) }
}
