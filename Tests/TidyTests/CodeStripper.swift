/// Blanks comments and string literals, so that only code is left.
///
/// The code in an interpolation stays. Regex literals are not supported: the project has none.
struct CodeStripper {
    private var bytes: [UInt8]
    private var index = 0
    private let nestingComments: Bool

    static func strip(_ text: String, nestingComments: Bool) -> [UInt8] {
        var stripper = CodeStripper(bytes: Array(text.utf8), nestingComments: nestingComments)
        stripper.code(insideInterpolation: false)
        return stripper.bytes
    }

    private init(bytes: [UInt8], nestingComments: Bool) {
        self.bytes = bytes
        self.nestingComments = nestingComments
    }

    private func starts(with text: StaticString, at offset: Int = 0) -> Bool {
        let start = index + offset
        guard start + text.utf8CodeUnitCount <= bytes.count else { return false }
        return text.withUTF8Buffer { wanted in
            wanted.indices.allSatisfy { bytes[start + $0] == wanted[$0] }
        }
    }

    private mutating func blank(_ count: Int) {
        for _ in 0..<count where index < bytes.count {
            if bytes[index] != UInt8(ascii: "\n") { bytes[index] = UInt8(ascii: " ") }
            index += 1
        }
    }

    /// Skips code, to the end or to the parenthesis that ends an interpolation.
    private mutating func code(insideInterpolation: Bool) {
        var depth = 0
        while index < bytes.count {
            if starts(with: "//") {
                while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { blank(1) }
            } else if starts(with: "/*") {
                blockComment()
            } else if bytes[index] == UInt8(ascii: "'") {
                character()
            } else if let hashes = openingHashes() {
                string(hashes: hashes)
            } else {
                if bytes[index] == UInt8(ascii: "(") { depth += 1 }
                if bytes[index] == UInt8(ascii: ")") { depth -= 1 }
                if insideInterpolation, depth < 0 { return }
                index += 1
            }
        }
    }

    private mutating func blockComment() {
        var depth = 0
        while index < bytes.count {
            if starts(with: "/*"), nestingComments || depth == 0 {
                depth += 1
                blank(2)
            } else if starts(with: "*/") {
                depth -= 1
                blank(2)
                if depth == 0 { return }
            } else {
                blank(1)
            }
        }
    }

    /// C's character literal; it does not cross a line's end.
    private mutating func character() {
        blank(1)
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n") {
            let ends = bytes[index] == UInt8(ascii: "'")
            blank(bytes[index] == UInt8(ascii: "\\") ? 2 : 1)
            if ends { return }
        }
    }

    /// The number of `#` before the quote that opens a literal here, if one does.
    private func openingHashes() -> Int? {
        var hashes = 0
        while index + hashes < bytes.count, bytes[index + hashes] == UInt8(ascii: "#") {
            hashes += 1
        }
        return starts(with: "\"", at: hashes) ? hashes : nil
    }

    private func hasHashes(_ count: Int, at offset: Int) -> Bool {
        (0..<count).allSatisfy { starts(with: "#", at: offset + $0) }
    }

    private mutating func string(hashes: Int) {
        blank(hashes)
        let isMultiline = starts(with: "\"\"\"")
        let quotes = isMultiline ? 3 : 1
        blank(quotes)
        while index < bytes.count {
            let closes = isMultiline ? starts(with: "\"\"\"") : starts(with: "\"")
            if closes, hasHashes(hashes, at: quotes) {
                blank(quotes + hashes)
                return
            }
            if !isMultiline, bytes[index] == UInt8(ascii: "\n") { return }
            if starts(with: "\\"), hasHashes(hashes, at: 1) {
                blank(1 + hashes)
                if starts(with: "(") {
                    index += 1
                    code(insideInterpolation: true)
                    index += 1
                } else {
                    blank(1)
                }
            } else {
                blank(1)
            }
        }
    }
}
