internal import Pelmeni

/// The endpoints of a client whose streams a driver of the pair speaks with: it reads what the
/// client's own protocol or framing would.
struct HTTPUpstreams: Client {
    let endpoints: [Endpoint]
    var hooks: [HookTable]

    init(of client: any Client) {
        endpoints = client.endpoints
        hooks = client.hooks
    }
}
