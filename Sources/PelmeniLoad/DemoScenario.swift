internal import PelmeniCore
internal import PelmeniRuntime

/// One kind of traffic in the ``Demo``.
struct DemoScenario: Sendable {
    enum Unit: Sendable {
        case requests
        case bytes
    }

    let name: String
    /// The unit of its throughput and cost.
    let unit: Unit
    let origin: OriginKind
    let connections: Int
    /// Each way.
    let bytes: UInt32
    var reconnects = false

    static let all = [
        DemoScenario(
            name: "64-byte requests, 64 connections", unit: .requests, origin: .answer,
            connections: 64, bytes: 64),
        DemoScenario(
            name: "a connection each, 16 at once", unit: .requests, origin: .answer,
            connections: 16, bytes: 64, reconnects: true),
        DemoScenario(
            name: "bulk both ways, 4 connections", unit: .bytes, origin: .echo, connections: 4,
            bytes: 8 << 20),
    ]

    private var blockClass: BlockClass { bytes < 64 << 10 ? .small : .bulk }

    var originLimits: OriginLimits {
        // Ending connections are still open beside new ones.
        OriginLimits(connections: 4 * connections + 64, blockClass: blockClass)
    }

    func plan(_ target: SocketAddress, nanoseconds: UInt64, number: UInt64) -> LoadPlan {
        LoadPlan(
            target: target, origin: origin, connections: connections, requestBytes: bytes,
            answerBytes: bytes, reconnects: reconnects, blockClass: blockClass,
            nanoseconds: nanoseconds, number: number)
    }
}
