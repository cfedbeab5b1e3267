internal import PelmeniCore
internal import PelmeniRuntime

extension LoadPlan {
    /// The reason why a job cannot be done, or nil.
    static func problem(_ job: LoadJob) -> String? {
        if job.connections < 1 || job.connections > 1 << 20 { return "connections: 1 to 1048576" }
        if job.pipeline < 1 || job.pipeline > 1024 { return "pipeline: 1 to 1024" }
        if job.isHTTP {
            if job.kind == .stalled { return "stalled: not of HTTP" }
        } else if Int(job.requestBytes) < ExchangeHeader.bytes {
            return "requestBytes: at least \(ExchangeHeader.bytes)"
        }
        if job.answerBytes < 1 { return "answerBytes: at least 1" }
        if job.kind == .open, job.requestsPerSecond < 1 { return "requestsPerSecond: at least 1" }
        return nil
    }

    init(_ job: LoadJob) {
        self.init(target: SocketAddress(v4: 0x7f00_0001, port: job.port))
        connections = job.connections
        requestBytes = job.requestBytes
        answerBytes = job.answerBytes
        nanoseconds = job.windowNanoseconds
        timeoutNanoseconds = job.timeoutNanoseconds
        number = job.number
        depth = job.pipeline
        blockClass = max(requestBytes, answerBytes) < 64 << 10 ? .small : .bulk
        thinkNanoseconds = UInt64(job.thinkMicroseconds) * 1000
        isStaged = true
        if job.isHTTP { origin = .http }
        warmUpNanoseconds = job.warmUpNanoseconds
        switch job.kind {
        // Datagram jobs have a plan of their own.
        case .exchange, .datagrams, .trains: break
        case .connect:
            reconnects = true
            depth = 1
        case .download, .upload:
            counted = job.kind == .download ? .received : .requests
            blockClass = .bulk
            // Enough requests that the stream never pauses: sockets on the loopback hold some MiB.
            // A request of HTTP waits for the answer before it.
            depth = job.isHTTP ? depth : max(16, depth)
        case .open: requestsPerSecond = job.requestsPerSecond
        case .idle: holds = true
        case .stalled:
            holds = true
            origin = .source
        }
    }
}
