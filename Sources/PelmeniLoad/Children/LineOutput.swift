internal import Glibc

/// Lines to a descriptor, each written at once.
struct LineOutput: Sendable {
    let descriptor: Int32

    func write(_ line: String) {
        var text = line + "\n"
        text.withUTF8 { bytes in
            var at = 0
            while at < bytes.count, let base = bytes.baseAddress {
                let count = Glibc.write(descriptor, base + at, bytes.count - at)
                if count < 0, errno == EINTR { continue }
                // A reader that is gone needs no line.
                guard count > 0 else { return }
                at += count
            }
        }
    }
}
