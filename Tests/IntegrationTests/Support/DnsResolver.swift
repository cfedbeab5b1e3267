import Foundation
import TestSupport

/// A resolver of its own that knows the zone `test.` and forwards no question.
struct DnsResolver: Sendable {
    /// For the tests' condition: the missing programs, by name.
    static let missing: [String] = [
        ("dig", "dnsutils"), ("dnsperf", "dnsperf"), ("unbound", "unbound"),
    ].filter { (try? Tool($0.0, package: $0.1)) == nil }.map { "\($0.0) (package \($0.1))" }

    /// Names with an address: `host0.test` has 10.0.0.0, and so on.
    static let hosts = 200
    /// Larger than a datagram for a question that allows only 512 bytes.
    static let bigText = (0..<10).map { String(repeating: "\($0)", count: 200) }

    let port: UInt16
    private let child: Child
    private let folder: TemporaryFolder

    init() throws {
        let unbound = try Tool("unbound", package: "unbound")
        folder = try TemporaryFolder()
        port = try SocketName.unusedPort()
        let path = folder.file("unbound.conf")
        try Self.settings(port: port).write(toFile: path, atomically: true, encoding: .utf8)
        child = try Child([unbound.path, "-d", "-c", path])
        try child.errors.waitForLine("start of service")
    }

    private static func settings(port: UInt16) -> String {
        let addresses = (0..<hosts).map { "local-data: \"host\($0).test. A 10.0.0.\($0)\"" }
        let text = bigText.map { "\"\($0)\"" }.joined(separator: " ")
        return """
            server:
            interface: 127.0.0.1
            port: \(port)
            num-threads: 1
            do-daemonize: no
            chroot: ""
            username: ""
            pidfile: ""
            use-syslog: no
            logfile: ""
            verbosity: 1
            module-config: "iterator"
            incoming-num-tcp: 200
            max-udp-size: 4096
            edns-buffer-size: 4096
            local-zone: "test." static
            local-data: 'big.test. TXT \(text)'
            \(addresses.joined(separator: "\n"))
            remote-control:
            control-enable: no

            """
    }
}
