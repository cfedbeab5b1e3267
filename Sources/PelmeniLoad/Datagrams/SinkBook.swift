/// A sink's books on the clients of a run: the datagrams of each, their socket, and their faults.
struct SinkBook: ~Copyable {
    private struct Row {
        var next: UInt64 = 0
        var received: UInt64 = 0
    }

    enum Finding: Equatable {
        case counted
        /// A request for credit; the datagram with the request may belong to the flow.
        case asked(DatagramCredit, isCounted: Bool)
        /// A late datagram of the run before.
        case stale
        case wrong(Fault)
    }

    private static let ports = 1 << 16

    private var content = DatagramContent(number: .max)
    private var numberBefore: UInt64 = .max
    private let rows: UnsafeMutablePointer<Row>
    /// The client's number plus one, by the port that it sends from; 0 for no client.
    private let senders: UnsafeMutablePointer<UInt32>
    /// Clients of all runs.
    private(set) var clients = 0

    init() {
        rows = .allocate(capacity: DatagramPlan.clientsMax)
        rows.initialize(repeating: Row(), count: DatagramPlan.clientsMax)
        senders = .allocate(capacity: Self.ports)
        senders.initialize(repeating: 0, count: Self.ports)
    }

    deinit {
        rows.deallocate()
        senders.deallocate()
    }

    /// - Parameter port: the sender's port: a proxy has one for each client.
    mutating func take(_ bytes: UnsafeRawPointer, count: Int, port: UInt16) -> Finding {
        var finding = content.check(bytes, count: count)
        if case .bad(.wrongByte) = finding, let number = number(bytes, count) {
            if number == numberBefore { return .stale }
            let other = DatagramContent(number: number)
            finding = other.check(bytes, count: count)
            // Only a right datagram begins a run.
            if case .good = finding { begin(other) }
        }
        switch finding {
        case .bad(let fault): return .wrong(fault)
        case .good(let head): return take(head, port)
        }
    }

    private func number(_ bytes: UnsafeRawPointer, _ count: Int) -> UInt64? {
        guard count >= DatagramHead.bytes, let head = DatagramHead(reading: bytes),
            head.number != content.number
        else { return nil }
        return head.number
    }

    private mutating func begin(_ content: consuming DatagramContent) {
        numberBefore = self.content.number
        self.content = content
        rows.update(repeating: Row(), count: DatagramPlan.clientsMax)
        senders.update(repeating: 0, count: Self.ports)
    }

    private mutating func take(_ head: DatagramHead, _ port: UInt16) -> Finding {
        let client = Int(head.client)
        guard client < DatagramPlan.clientsMax else { return .wrong(.wrongByte) }
        let sender = senders + Int(port)
        if sender.pointee == 0 {
            sender.pointee = head.client + 1
            clients += 1
        }
        guard sender.pointee == head.client + 1 else { return .wrong(.wrongClient) }
        let row = rows + client
        switch head.kind {
        case .part, .last:
            guard head.sequence >= row.pointee.next else { return .wrong(.repeated) }
            row.pointee.next = head.sequence + 1
            row.pointee.received += 1
            guard head.kind == .last else { return .counted }
            return .asked(credit(head, head.sequence + 1), isCounted: true)
        case .asks: return .asked(credit(head, head.sequence), isCounted: false)
        case .question, .answer, .credit: return .wrong(.wrongByte)
        }
    }

    private func credit(_ head: DatagramHead, _ sequence: UInt64) -> DatagramCredit {
        DatagramCredit(
            number: head.number, client: head.client, sequence: sequence,
            received: rows[Int(head.client)].received)
    }
}
