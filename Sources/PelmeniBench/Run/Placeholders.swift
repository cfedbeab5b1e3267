/// Replaces words in braces: `{listen}`.
package enum Placeholders {
    /// - Throws: for a word without a value.
    package static func fill(
        _ text: String, _ values: [String: String], in place: String
    ) throws(BenchError) -> String {
        var filled = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            filled += rest[..<open]
            let after = rest[rest.index(after: open)...]
            let word = after.prefix { $0.isASCII && ($0.isLowercase || $0 == "-") }
            guard !word.isEmpty, after[word.endIndex...].first == "}" else {
                // A brace of the configuration's own language.
                filled += "{"
                rest = after
                continue
            }
            guard let value = values[String(word)] else {
                let known = values.keys.sorted().map { "{\($0)}" }.joined(separator: ", ")
                throw .failed("\(place): {\(word)} is not known; known are \(known)")
            }
            filled += value
            rest = after[after.index(after: word.endIndex)...]
        }
        return filled + rest
    }
}
