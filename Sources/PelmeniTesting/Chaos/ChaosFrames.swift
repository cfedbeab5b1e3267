internal import PelmeniCore

/// Framings as a driver would write them, without the engine's scanner.
enum ChaosFrames {
    enum Step {
        /// The message is not whole yet.
        case none
        case bad
        case message(Range<Int>, end: Int)
    }

    static func next(_ bytes: [UInt8], _ framing: Framing, maxFrame: Int) -> Step {
        switch framing {
        case .u16be: headed(bytes, size: 2, maxFrame)
        case .u32be: headed(bytes, size: 4, maxFrame)
        case .octetCount, .syslog: counted(bytes, maxFrame)
        case .line: delimited(bytes, 0x0a, maxFrame, isLine: true)
        case .delimiter(let byte): delimited(bytes, byte, maxFrame, isLine: false)
        default: .bad
        }
    }

    private static func headed(_ bytes: [UInt8], size: Int, _ maxFrame: Int) -> Step {
        guard bytes.count >= size else { return .none }
        let count = bytes.prefix(size).reduce(0) { $0 << 8 | Int($1) }
        guard count <= maxFrame else { return .bad }
        guard bytes.count >= size + count else { return .none }
        return .message(size..<size + count, end: size + count)
    }

    private static func counted(_ bytes: [UInt8], _ maxFrame: Int) -> Step {
        guard let space = bytes.prefix(12).firstIndex(of: 0x20) else {
            let isCount = bytes.allSatisfy { (0x30...0x39).contains($0) }
            return bytes.count < 12 && isCount ? .none : .bad
        }
        guard let count = Int(String(decoding: bytes[..<space], as: UTF8.self)), count > 0,
            count <= maxFrame, bytes[0] != 0x30
        else { return .bad }
        let start = space + 1
        guard bytes.count >= start + count else { return .none }
        return .message(start..<start + count, end: start + count)
    }

    private static func delimited(
        _ bytes: [UInt8], _ delimiter: UInt8, _ maxFrame: Int, isLine: Bool
    ) -> Step {
        guard let end = bytes.firstIndex(of: delimiter) else {
            // A carriage return may be half of a line's end.
            let most = isLine && bytes.last == 0x0d ? maxFrame + 1 : maxFrame
            return bytes.count > most ? .bad : .none
        }
        let hasReturn = isLine && end > 0 && bytes[end - 1] == 0x0d
        let count = hasReturn ? end - 1 : end
        guard count <= maxFrame else { return .bad }
        return .message(0..<count, end: end + 1)
    }

    static func wrap(_ data: inout Buffer, _ framing: Framing) throws {
        let count = data.count
        switch framing {
        case .u16be: try data.prepend([UInt8(count >> 8 & 0xff), UInt8(count & 0xff)])
        case .u32be:
            try data.prepend([24, 16, 8, 0].map { UInt8(count >> $0 & 0xff) })
        case .octetCount, .syslog: try data.prepend("\(count) ")
        case .line: try data.append("\n")
        case .delimiter(let byte): try data.append(contentsOf: [byte])
        default: break
        }
    }
}
