/// A piece of HTML or of SVG inside it: a page built from these is escaped and closed.
struct Markup {
    let html: String

    private static let voids: Set<String> = ["meta", "br"]

    init(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ inner: [Markup] = [])
    {
        var html = "<\(name)"
        for (key, value) in attributes where !value.isEmpty {
            html += " \(key)=\"\(Markup.escape(value))\""
        }
        html += ">"
        for piece in inner { html += piece.html }
        if !Markup.voids.contains(name) { html += "</\(name)>" }
        self.html = html
    }

    /// An element with only text in it.
    init(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], text: String) {
        self.init(name, attributes, [.text(text)])
    }

    private init(verbatim: String) { html = verbatim }

    static func text(_ text: String) -> Markup { Markup(verbatim: escape(text)) }

    /// For the program's own text only: nothing is escaped.
    static func verbatim(_ html: String) -> Markup { Markup(verbatim: html) }

    static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            // Most control characters are not allowed in HTML.
            case _ where character.value < 32 && character != "\n" && character != "\t": continue
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
