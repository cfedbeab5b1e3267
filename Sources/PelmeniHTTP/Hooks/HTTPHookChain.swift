/// All hooks of a pair: those of its server, then those of its client.
struct HTTPHookChain: Sendable {
    let tables: [HTTPHookTable]
    let serverCount: Int
    let moments: HTTPMoments
    let seeResponses: Bool
    /// Upstreams that a hook may choose; 0 is none.
    let upstreams: Int

    init(server: [HTTPHookTable], client: [HTTPHookTable], upstreams: Int = 0) {
        self.upstreams = upstreams
        tables = server + client
        serverCount = server.count
        moments = tables.reduce(into: []) { $0.formUnion($1.moments) }
        seeResponses = !moments.isDisjoint(with: [.respond, .respondBody])
    }

    var isEmpty: Bool { tables.isEmpty }
}
