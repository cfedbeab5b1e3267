import Pelmeni
import PelmeniHTTP

/// The options of an http pair.
struct HTTPSettings: Sendable {
    private(set) var deadlines = HTTPDeadlines()
    private(set) var limits = HTTPLimits()
    private(set) var halfClose = HTTPServer.HalfClose.deliver
    private(set) var forwarding: HTTPForwarding = [.via, .xForwarded]
    private(set) var trusted: [HTTPNetwork] = []

    /// - Parameter answer: the deadline of an upstream that has another one than http's.
    init(
        _ values: [PairOption: PairOption.Value], answer: Duration? = nil
    ) throws(UsageError) {
        if let answer { deadlines.answer = answer }
        for (option, value) in values { take(option, value) }
        for (option, bytes) in [
            (PairOption.maxRequestLine, limits.requestLineBytes),
            (.maxTrailers, limits.trailerBytes),
        ] where values[option] != nil && bytes > limits.headBytes {
            throw UsageError(
                "option \"\(option.rawValue)\" is \(SizeText.format(bytes)), more than "
                    + "max-head, which is \(SizeText.format(limits.headBytes))")
        }
        limits = limits.usable
    }

    private mutating func take(_ option: PairOption, _ value: PairOption.Value) {
        switch (option, value) {
        case (.head, .duration(let duration?)): deadlines.head = duration
        case (.body, .duration(let duration?)): deadlines.body = duration
        case (.answer, .duration(let duration?)): deadlines.answer = duration
        case (.clientIdle, .duration(let duration?)): deadlines.clientIdle = duration
        case (.upstreamIdle, .duration(let duration?)): deadlines.upstreamIdle = duration
        case (.maxHead, .size(let size)): limits.headBytes = size
        case (.maxRequestLine, .size(let size)): limits.requestLineBytes = size
        case (.maxFields, .count(let count)): limits.fields = count
        case (.maxChunkExtensions, .size(let size)): limits.chunkExtensionBytes = size
        case (.maxTrailers, .size(let size)): limits.trailerBytes = size
        case (.halfClose, .halfClose(let meaning)): halfClose = meaning
        case (.forward, .forwarding(let given)): forwarding = given
        case (.trust, .networks(let networks)): trusted = networks
        default: break
        }
    }

    /// A server with these options.
    func applied(to server: HTTPServer) -> HTTPServer {
        var server = server
        server.deadlines = deadlines
        server.limits = limits
        server.halfClose = halfClose
        server.forwarding = forwarding
        server.trustedClients = trusted
        return server
    }
}
