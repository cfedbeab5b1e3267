import Foundation
import TestSupport

/// The release binary that these tests run; `make test` builds it before.
enum Binary {
    /// Nil when it is missing: the tests build nothing.
    static let path: String? = {
        let environment = ProcessInfo.processInfo.environment
        let path = environment["PELMENI_BINARY"] ?? "\(repository)/.build/release/pelmeni"
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    static func required() throws -> String {
        guard let path else {
            throw Missing(
                description:
                    "no release binary; `make release` builds it, or PELMENI_BINARY names one")
        }
        return path
    }

    private static let repository: String = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { url.deleteLastPathComponent() }
        return url.path
    }()
}

/// A program that a test needs is not on this machine.
struct Missing: Error, CustomStringConvertible {
    let description: String
}
