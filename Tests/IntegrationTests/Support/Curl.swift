import TestSupport
import Testing

/// curl, which has to succeed.
struct Curl {
    private let tool: Tool

    init() throws { tool = try Tool("curl", package: "curl") }

    /// What it prints.
    func run(_ arguments: String...) throws -> String {
        let all = [tool.path, "-sS", "--fail", "--max-time", "30", "--noproxy", "*"] + arguments
        let (code, output, errors) = try Child(all).finish(within: .seconds(60))
        #expect(code == 0, "curl \(arguments): \(errors)")
        return output
    }
}
