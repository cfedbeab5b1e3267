internal import CPelmeni
internal import Glibc
internal import PelmeniCore
internal import PelmeniRuntime

/// The thread of a ``DatagramOrigin``.
struct DatagramOriginWorker: ~Copyable {
    private let sockets: DatagramSockets
    private let socket: Int32
    private let isEcho: Bool
    private var blocks = OriginBlocks()
    private var book: SinkBook
    /// A credit for each block.
    private let credits: UnsafeMutableRawPointer
    private(set) var result = OriginResult()

    init(_ socket: Int32, _ kind: DatagramOriginKind, signal: StopSignal) throws(SystemError) {
        sockets = try DatagramSockets(signal: signal, socket)
        self.socket = socket
        if case .echo = kind { isEcho = true } else { isEcho = false }
        book = SinkBook()
        credits = .allocate(
            byteCount: OriginBlocks.batch * DatagramCredit.bytes, alignment: 64)
    }

    deinit { credits.deallocate() }

    mutating func run() {
        while true {
            let count = sockets.wait(until: .max, now: 0)
            guard count >= 0 else {
                result.failure = SystemError(code: Int32(count))
                return
            }
            for index in 0..<count {
                if sockets.token(index) == DatagramSockets.wake { return }
            }
            takeAll()
        }
    }

    /// Receives until the socket is empty, which a batch that is not full shows.
    private mutating func takeAll() {
        var count = OriginBlocks.batch
        while count == OriginBlocks.batch {
            count = blocks.receive(socket)
            guard count > 0 else {
                // ECONNREFUSED reports a sender that is gone, which is no fault.
                if count < 0, count != -Int(EAGAIN), count != -Int(ECONNREFUSED) {
                    result.faults.add(.other)
                }
                return
            }
            for index in 0..<count { if isEcho { echo(index) } else { sink(index) } }
            result.faults.add(.other, blocks.flush(socket))
        }
    }

    private mutating func echo(_ index: Int) {
        let bytes = blocks.data(index)
        let count = blocks.count(index)
        DatagramHead.answer(bytes, count: count)
        result.requests += 1
        blocks.answer(index, bytes, count: count)
    }

    private mutating func sink(_ index: Int) {
        let count = blocks.count(index)
        let segment = blocks.segment(index)
        let port = blocks.port(index)
        var credit: DatagramCredit?
        var at = 0
        repeat {
            let length = min(segment, count - at)
            switch book.take(blocks.data(index) + at, count: length, port: port) {
            case .counted: result.requests += 1
            case .asked(let asked, let isCounted):
                if isCounted { result.requests += 1 }
                // A later credit covers the earlier ones.
                credit = asked
            case .stale: break
            case .wrong(let fault): result.faults.add(fault)
            }
            at += max(1, length)
        } while at < count
        result.accepted = book.clients
        guard let credit else { return }
        let bytes = credits + index * DatagramCredit.bytes
        credit.write(bytes)
        blocks.answer(index, bytes, count: DatagramCredit.bytes)
    }
}
