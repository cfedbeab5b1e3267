import Pelmeni

extension RunPlan {
    /// The times of a pair.
    struct TimePlan: Codable, Equatable {
        var connect: String
        var firstByte: String
        var idle: String
        var linger: String
        var stall: String
        var keepAlive: String
        var userTimeout: String

        enum CodingKeys: String, CodingKey {
            case connect
            case firstByte = "first-byte"
            case idle
            case linger
            case stall
            case keepAlive = "keepalive"
            case userTimeout = "user-timeout"
        }

        init(_ pair: EndpointPair) {
            let options = pair.options
            let durations = options.durations(of: pair.server.kind)
            connect = DurationText.format(options.connectTimeout)
            firstByte = DurationText.format(durations.firstByte)
            idle = DurationText.format(durations.idle)
            linger = DurationText.format(durations.linger)
            stall = DurationText.format(durations.stall)
            keepAlive = DurationText.format(options.keepAliveTime)
            userTimeout = DurationText.format(options.userTimeout)
        }
    }
}
