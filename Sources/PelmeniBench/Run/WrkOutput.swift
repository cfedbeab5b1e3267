/// The used lines of wrk's output.
struct WrkOutput: Equatable {
    var requests = 0
    var requestsPerSecond = 0.0

    /// Nil without a result, or with errors in it.
    init?(parsing lines: [String]) {
        for line in lines {
            let words = line.split(separator: " ")
            if line.contains("Socket errors") || line.contains("Non-2xx") { return nil }
            if words.count > 3, words[1] == "requests", words[2] == "in" {
                requests = Int(words[0]) ?? 0
            }
            if words.count == 2, words[0] == "Requests/sec:" {
                requestsPerSecond = Double(words[1]) ?? 0
            }
        }
        guard requests > 0, requestsPerSecond > 0 else { return nil }
    }
}
