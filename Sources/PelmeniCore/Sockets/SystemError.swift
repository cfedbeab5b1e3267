internal import CPelmeni
internal import Glibc

/// An error number of the system, with its name from `errno(3)`.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The positive number.
    public let code: Int32

    /// - Parameter code: positive, or negated as the kernel's interfaces return it.
    public init(code: Int32) { self.code = code.magnitude > Int32.max ? 0 : abs(code) }

    /// `ECONNREFUSED`, say.
    public var name: String {
        guard let name = pelmeni_error_name(code) else { return "errno \(code)" }
        return String(cString: name)
    }

    /// The system's text for the number.
    public var text: String { String(cString: strerror(code)) }

    /// `ECONNREFUSED (Connection refused)`.
    public var description: String { "\(name) (\(text))" }
}
