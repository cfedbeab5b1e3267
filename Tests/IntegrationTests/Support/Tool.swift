import Foundation

/// A third-party program, from a Debian package that `make test` installs.
struct Tool {
    let path: String

    init(_ name: String, package: String) throws {
        let folders = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let all =
            folders.split(separator: ":") + ["/usr/bin", "/usr/sbin", "/bin", "/usr/local/bin"]
        let found = all.map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let found else {
            throw Missing(description: "\(name) is missing: apt-get install -y \(package)")
        }
        path = found
    }
}
