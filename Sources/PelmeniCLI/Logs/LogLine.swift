import Glibc
import Pelmeni

/// The text of a log line: escapes keep a name or a path from outside on one line.
enum LogLine {
    static func make(
        _ format: LogFormat, time: String, level: String, message: String,
        fields: [(key: String, value: String)]
    ) -> String {
        switch format {
        case .text:
            return fields.reduce("\(time) \(level) \(plain(message))") { line, field in
                line + " \(plain(field.key))=\(word(field.value))"
            }
        case .json:
            let all = [("time", time), ("level", level), ("message", message)] + fields
            return "{" + all.map { "\(quoted($0)):\(quoted($1))" }.joined(separator: ",") + "}"
        }
    }

    /// The real-time clock in UTC, to the millisecond, as in RFC 3339.
    static func time() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return time(seconds: now.tv_sec, milliseconds: now.tv_nsec / 1_000_000)
    }

    static func time(seconds: Int, milliseconds: Int) -> String {
        var seconds = seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let date = [Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)]
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map(Int.init)
        return date.map { padded($0, 2) }.joined(separator: "-") + "T"
            + clock.map { padded($0, 2) }.joined(separator: ":") + "." + padded(milliseconds, 3)
            + "Z"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// A plain value, or a quoted one where it would run into the next field.
    private static func word(_ value: String) -> String {
        let isWord = value.unicodeScalars.allSatisfy {
            !$0.properties.isWhitespace && $0 != "\"" && $0 != "=" && $0 != "\\"
        }
        return isWord && OneLine.isPlain(value) && !value.isEmpty ? value : quoted(value)
    }

    private static func plain(_ text: String) -> String {
        OneLine.isPlain(text) ? text : quoted(text)
    }

    /// A JSON string, RFC 8259.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            default: OneLine.append(scalar, to: &result)
            }
        }
        return result + "\""
    }
}
