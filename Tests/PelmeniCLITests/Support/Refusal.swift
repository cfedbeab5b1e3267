import Testing

@testable import PelmeniCLI

/// Expects a usage error whose message contains every token.
func expectRefusal(
    naming tokens: [String], sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Void
) {
    do {
        try body()
        Issue.record("nothing was refused", sourceLocation: sourceLocation)
    } catch let error as UsageError {
        for token in tokens {
            #expect(
                error.description.contains(token), "\(error) does not name \(token)",
                sourceLocation: sourceLocation)
        }
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
}
