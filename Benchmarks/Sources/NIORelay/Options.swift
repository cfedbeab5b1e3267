/// What the command line says: `--listen PORT --origin PORT --workers N`, and how many KiB a read
/// takes at the most, `--receive-kib N`; with `--http`, a proxy of HTTP/1.1. Each `--listen` goes
/// with the `--origin` in the same place.
struct Options: Sendable {
    var listen: [Int] = []
    var origin: [Int] = []
    var workers = 1
    var receiveBytesMax = 64 << 10
    var isHTTP = false
    var showsVersion = false

    /// As Package.swift pins it: SwiftNIO does not tell its own version.
    static let version = "nio-relay on SwiftNIO 2.101.2"

    struct Wrong: Error, CustomStringConvertible {
        let description: String
    }

    init(_ arguments: some Sequence<String>) throws {
        var rest = Array(arguments)[...]
        while let name = rest.popFirst() {
            if name == "--version" {
                showsVersion = true
                return
            }
            if name == "--http" {
                isHTTP = true
                continue
            }
            guard let number = rest.popFirst().flatMap(Int.init), number > 0 else {
                throw Wrong(description: "\(name) needs a number above 0")
            }
            switch name {
            case "--listen": listen.append(number)
            case "--origin": origin.append(number)
            case "--workers": workers = number
            case "--receive-kib": receiveBytesMax = number << 10
            default: throw Wrong(description: "unknown option \(name)")
            }
        }
        guard !listen.isEmpty, listen.count == origin.count else {
            throw Wrong(
                description: "usage: nio-relay (--listen PORT --origin PORT)... "
                    + "[--http] [--workers N] [--receive-kib N]")
        }
    }
}
