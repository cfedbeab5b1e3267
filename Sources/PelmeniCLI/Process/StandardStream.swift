import Glibc

/// Standard output or standard error, written a whole line at a time.
///
/// A closed reader is no reason to stop relaying: the text is dropped, and the call returns false.
enum StandardStream: Int32, Sendable {
    case output = 1
    case error = 2

    /// Opens the standard streams that the process was started without: a socket would get such a
    /// number, and log lines would go to a client.
    static func fillGaps() {
        // open(2) takes the lowest free number, which fills a gap or is above all three.
        while true {
            let descriptor = open("/dev/null", O_RDWR)
            guard !(0...2).contains(descriptor) else { continue }
            if descriptor > 2 { close(descriptor) }
            return
        }
    }

    /// - Returns: false when the stream did not take the whole line.
    @discardableResult
    func write(line: String) -> Bool { write(line + "\n") }

    /// - Parameter patience: milliseconds for a full pipe in non-blocking mode; nil is for ever. A
    ///   blocking pipe is waited for in any case: see ``OutputQueue``.
    @discardableResult
    func write(_ text: String, patience: Int32? = 1_000) -> Bool {
        take(text, patience: patience) == text.utf8.count
    }

    /// - Returns: the number of bytes taken.
    func take(_ text: String, patience: Int32?) -> Int {
        var text = text
        return text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let piece = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[done...])
                let count = Glibc.write(rawValue, piece.baseAddress, piece.count)
                if count > 0 {
                    done += count
                } else if errno == EAGAIN {
                    // Another process made the terminal or pipe non-blocking, and it is full.
                    var waiting = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
                    guard poll(&waiting, 1, patience ?? -1) == 1 else { return done }
                } else if errno != EINTR {
                    return done
                }
            }
            return done
        }
    }
}
