internal import Glibc

/// Small files of the kernel, read whole.
enum TextFile {
    private static let bytesMax = 4 << 20

    /// Nil when the file is missing or unreadable.
    static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        // Their size is unknown: the kernel writes them during the read.
        while bytes.count < bytesMax {
            let count = Glibc.read(file, &piece, piece.count)
            if count < 0 { return nil }
            if count == 0 { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text of the first line; empty without one.
    static func line(_ path: String) -> String {
        let text = read(path) ?? ""
        return String(text.prefix { $0 != "\n" }).trimmingSpaces
    }

    /// Writes into an existing file, with one call as the kernel's files need; only a read shows
    /// whether the kernel accepted it.
    static func write(_ text: String, to path: String) {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        let bytes = Array(text.utf8)
        _ = Glibc.write(file, bytes, bytes.count)
        close(file)
    }

    /// The names in a folder.
    static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
