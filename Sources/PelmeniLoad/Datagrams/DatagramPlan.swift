internal import PelmeniCore
internal import PelmeniRuntime

/// The plan of a datagram load: one question in flight for each client, or trains towards a sink.
struct DatagramPlan: Sendable {
    /// The most clients of a load; a sink keeps a row for each.
    static let clientsMax = 16_384
    private static let trainMax = 64

    var target: SocketAddress
    /// Each with a socket of its own.
    var clients = 1
    /// Of each datagram.
    var bytes = 64
    /// Datagrams in a train; nil: questions, each with an answer.
    var train: Int?
    /// Trains of one client in flight, at most.
    var trainsInFlight = 1
    var warmUpNanoseconds: UInt64 = 0
    var nanoseconds: UInt64 = 1_000_000_000
    /// The longest time for opening.
    var timeoutNanoseconds: UInt64 = 5_000_000_000
    /// The time after which a datagram is given up.
    var patienceNanoseconds: UInt64 = 200_000_000
    /// The number of faults after which the load gives up.
    var faultsMax = 100
    var number: UInt64 = 0

    init(target: SocketAddress) { self.target = target }

    init(_ job: LoadJob) {
        self.init(target: SocketAddress(v4: 0x7f00_0001, port: job.port))
        clients = job.connections
        bytes = Int(job.requestBytes)
        train = job.kind == .trains ? job.trainDatagrams : nil
        trainsInFlight = job.trainsInFlight
        warmUpNanoseconds = job.warmUpNanoseconds
        nanoseconds = job.windowNanoseconds
        timeoutNanoseconds = job.timeoutNanoseconds
        number = job.number
    }

    /// The reason why a job cannot be done, or nil.
    static func problem(_ job: LoadJob) -> String? {
        if !(1...clientsMax).contains(job.connections) { return "connections: 1 to \(clientsMax)" }
        let bytes = Int(job.requestBytes)
        if !(DatagramHead.bytes...DatagramContent.most).contains(bytes) {
            return "requestBytes: \(DatagramHead.bytes) to \(DatagramContent.most)"
        }
        guard job.kind == .trains else { return nil }
        if !(1...trainMax).contains(job.trainDatagrams) {
            return "trainDatagrams: 1 to \(trainMax)"
        }
        if bytes * job.trainDatagrams > DatagramContent.most {
            return "a train has at most \(DatagramContent.most) bytes"
        }
        if !(1...1024).contains(job.trainsInFlight) { return "trainsInFlight: 1 to 1024" }
        return nil
    }
}
