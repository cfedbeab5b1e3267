import Foundation
import TestSupport

/// A redis of its own, without a file on disk.
struct RedisServer: Sendable {
    let port: UInt16
    let socketPath: String
    private let child: Child
    private let folder: TemporaryFolder

    init() throws {
        let redis = try Tool("redis-server", package: "redis-server")
        folder = try TemporaryFolder()
        port = try SocketName.unusedPort()
        socketPath = folder.file("redis.sock")
        child = try Child([
            redis.path, "--port", "\(port)", "--bind", "127.0.0.1", "--unixsocket", socketPath,
            "--save", "", "--appendonly", "no", "--dir", folder.path, "--enable-debug-command",
            "local",
        ])
        try child.output.waitForLine("eady to accept connections")
    }
}
