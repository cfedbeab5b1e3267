internal import ExampleSupport
internal import Glibc

/// A file of addresses, one a line.
struct AllowFile: Sendable {
    let path: String

    /// Reads the file: a change holds for the next lookup.
    ///
    /// - Throws: a failure without the file.
    func contains(_ host: String) throws(ExampleFailure) -> Bool {
        guard let file = fopen(path, "re") else { throw ExampleFailure("no file \(path)") }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var room = 0
        defer { free(line) }
        while getline(&line, &room, file) > 0, let text = line {
            if String(cString: text).prefix(while: { !$0.isWhitespace }) == host { return true }
        }
        return false
    }
}
