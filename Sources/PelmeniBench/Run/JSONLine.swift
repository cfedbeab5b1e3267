internal import Foundation

/// One value on one line, as exchanged with children.
enum JSONLine {
    static func text(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // Plain structures of numbers and strings always encode.
        guard let data = try? encoder.encode(value) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    static func value<Value: Decodable>(
        _ type: Value.Type, _ line: String, of name: String
    ) throws(BenchError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(line.utf8))
        } catch {
            throw .failed("\(name) printed an invalid \(type): \(line.prefix(200))")
        }
    }
}
