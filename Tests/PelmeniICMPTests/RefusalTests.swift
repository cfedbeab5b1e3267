import Pelmeni
import PelmeniICMP
import Testing

/// The side that cannot start is named as its user gave it.
@Suite struct RefusalTests {
    @Test(arguments: [
        (OptionName.Spelling.library, "the protocol ICMPClient cannot start: an answer"),
        (.commandLine, "it cannot start: an answer"),
    ])
    func anUpstream(spelling: OptionName.Spelling, reason: String) {
        let client = ICMPClient("192.0.2.1", patience: .zero)
        let error = #expect(throws: EngineError.self) {
            _ = try Engine(
                workers: 1, servers: [UDPServer(client, port: 0)], spelling: spelling)
        }
        let text = error?.description ?? ""
        #expect(text.hasPrefix("upstream icmp://192.0.2.1: \(reason)"), "\(text)")
    }

    /// The pair of the guide.
    @Test func thePairOfTheGuide() {
        let server =
            UDPServer(ICMPClient("192.0.2.1", patience: .milliseconds(500)), port: 7000)
        #expect(server.client.endpoints == [.host("192.0.2.1", scheme: "icmp")])
    }
}
