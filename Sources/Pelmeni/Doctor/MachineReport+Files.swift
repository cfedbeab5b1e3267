internal import Glibc

extension MachineReport {
    /// Small files in /proc.
    enum Files {
        /// Nil when the file is missing or unreadable.
        static func text(_ path: String) -> String? {
            let file = open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { return nil }
            defer { close(file) }
            var bytes: [UInt8] = []
            var part = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(file, &part, part.count)
                guard count > 0 else { break }
                bytes += part.prefix(count)
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        static func number(_ path: String) -> Int? {
            text(path).flatMap { Int($0.prefix { !$0.isWhitespace }) }
        }

        /// A line of this process's own `/proc/self/status`.
        static func status(_ name: String) -> String? {
            guard let text = text("/proc/self/status") else { return nil }
            for line in text.split(separator: "\n") where line.hasPrefix("\(name):") {
                return String(line.dropFirst(name.count + 1).drop(while: \.isWhitespace))
            }
            return nil
        }
    }
}
