/// Text from outside on one line: names, paths and errors that a peer or a user has chosen.
package enum OneLine {
    /// Escapes as in JSON each scalar that ends a line somewhere, moves a cursor, or changes the
    /// order in which the others are shown.
    package static func escaped(_ text: String) -> String {
        guard !isPlain(text) else { return text }
        var result = ""
        for scalar in text.unicodeScalars { append(scalar, to: &result) }
        return result
    }

    package static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { !isOdd($0) }
    }

    /// One scalar, escaped where it is odd.
    package static func append(_ scalar: Unicode.Scalar, to text: inout String) {
        guard isOdd(scalar) else {
            text.unicodeScalars.append(scalar)
            return
        }
        switch scalar {
        case "\n": text += "\\n"
        case "\r": text += "\\r"
        case "\t": text += "\\t"
        default:
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
    }

    private static func isOdd(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7f }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return true
        default: return false
        }
    }
}
