/// A client's address in digits.
struct ClientText: Sendable {
    private var bytes: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)
    private var byteCount: UInt8 = 0
    private(set) var isV6 = false
    /// What it says of its own clients is kept.
    var isTrusted = false

    var count: Int { Int(byteCount) }

    init() {}

    init(_ host: String) {
        let text = host.utf8
        guard text.count <= MemoryLayout.size(ofValue: bytes) else { return }
        byteCount = UInt8(text.count)
        isV6 = text.contains(0x3a)
        withUnsafeMutableBytes(of: &bytes) { $0.copyBytes(from: text) }
    }

    /// An IPv4 address; its first number is in the upper bits.
    init(v4 address: UInt32) {
        var count = 0
        withUnsafeMutableBytes(of: &bytes) { memory in
            for shift: UInt32 in [24, 16, 8, 0] {
                count = Self.write(UInt8(truncatingIfNeeded: address >> shift), memory, at: count)
                memory[count] = 0x2e
                count &+= 1
            }
        }
        // Without the last dot.
        byteCount = UInt8(truncatingIfNeeded: count &- 1)
    }

    /// Writes up to three digits. The place behind them.
    @inline(__always)
    private static func write(
        _ number: UInt8, _ memory: UnsafeMutableRawBufferPointer, at first: Int
    ) -> Int {
        var at = first
        if number >= 100 {
            memory[at] = 0x30 &+ number / 100
            at &+= 1
        }
        if number >= 10 {
            memory[at] = 0x30 &+ number / 10 % 10
            at &+= 1
        }
        memory[at] = 0x30 &+ number % 10
        return at &+ 1
    }

    func write(_ writer: inout HeadWriter) {
        withUnsafeBytes(of: bytes) { memory in
            guard let first = memory.baseAddress else { return }
            writer.write(first.assumingMemoryBound(to: UInt8.self), count)
        }
    }
}

/// A session's client in 8 bytes, from which each request's ``ClientText`` is made: an IPv4 address
/// in place, another one as a text in memory of its own.
struct ClientName: @unchecked Sendable {
    /// Addresses of memory are below the bits of the marks (48 bits, or 57 with five levels).
    private var rawValue: UInt64 = 0

    private static let trusted: UInt64 = 1 << 63
    private static let v4: UInt64 = 1 << 62
    private static let marks = trusted | v4

    /// What it says of its own clients is kept.
    var isTrusted: Bool {
        get { rawValue & Self.trusted != 0 }
        set { rawValue = newValue ? rawValue | Self.trusted : rawValue & ~Self.trusted }
    }

    /// Notes an address in digits, once a session.
    mutating func set(_ host: String) {
        assert(rawValue & ~Self.trusted == 0, "a session has one client")
        guard let address = Self.address(host) else {
            let text = UnsafeMutablePointer<ClientText>.allocate(capacity: 1)
            text.initialize(to: ClientText(host))
            rawValue |= UInt64(UInt(bitPattern: text))
            return
        }
        rawValue |= Self.v4 | UInt64(address)
    }

    /// The session has ended.
    mutating func close() {
        memory?.deallocate()
        rawValue = 0
    }

    var text: ClientText {
        var text = ClientText()
        if rawValue & Self.v4 != 0 {
            text = ClientText(v4: UInt32(truncatingIfNeeded: rawValue))
        } else if let memory {
            text = memory.pointee
        }
        text.isTrusted = isTrusted
        return text
    }

    private var memory: UnsafeMutablePointer<ClientText>? {
        guard rawValue & Self.v4 == 0 else { return nil }
        return UnsafeMutablePointer(bitPattern: UInt(rawValue & ~Self.marks))
    }

    /// The address of digits as the kernel writes them; nil for another text.
    private static func address(_ host: String) -> UInt32? {
        var address: UInt32 = 0
        var parts = 0
        for part in host.utf8.split(separator: 0x2e, omittingEmptySubsequences: false) {
            guard part.count <= 3, let number = UInt8(Substring(part)) else { return nil }
            address = address << 8 | UInt32(number)
            parts += 1
        }
        return parts == 4 ? address : nil
    }
}
