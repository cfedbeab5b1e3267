/// A text file of the repository, with its path from the root.
struct SourceText: Sendable {
    let path: String
    let text: String

    /// The text with comments and string literals blanked; every line keeps its number.
    let code: [UInt8]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        let isCode = ["swift", "c", "h"].contains(Self.fileExtension(of: path))
        self.code =
            isCode ? CodeStripper.strip(text, nestingComments: path.hasSuffix(".swift")) : []
    }

    var fileExtension: String { Self.fileExtension(of: path) }

    var folders: [Substring] { path.split(separator: "/").dropLast() }

    var fileName: Substring { path.split(separator: "/").last ?? "" }

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    private static func fileExtension(of path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
        return String(name[name.index(after: dot)...])
    }
}

/// A broken rule, and its place.
struct Offence: CustomStringConvertible, Equatable {
    let path: String
    let line: Int
    let reason: String

    var description: String { "\(path):\(line): \(reason)" }
}

/// A word or a single character of code.
struct CodeToken: Equatable {
    let text: String
    let line: Int
    let isWord: Bool
    let startsLine: Bool
}

extension SourceText {
    /// The code as words and punctuation, in order.
    var tokens: [CodeToken] {
        var tokens: [CodeToken] = []
        var line = 1
        var startsLine = true
        var index = 0
        while index < code.count {
            let byte = code[index]
            if byte == UInt8(ascii: "\n") {
                line += 1
                startsLine = true
                index += 1
                continue
            }
            if byte <= UInt8(ascii: " ") {
                index += 1
                continue
            }
            let start = index
            index += 1
            let isWord = Self.continuesWord(byte)
            if isWord {
                while index < code.count, Self.continuesWord(code[index]) { index += 1 }
            }
            let text = String(decoding: code[start..<index], as: UTF8.self)
            tokens.append(
                CodeToken(text: text, line: line, isWord: isWord, startsLine: startsLine))
            startsLine = false
        }
        return tokens
    }

    private static func continuesWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default:
            false
        }
    }
}
