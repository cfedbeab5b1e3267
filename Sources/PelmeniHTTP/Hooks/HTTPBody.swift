/// The bytes of a message's body, whole.
public struct HTTPBody: Sendable, Equatable {
    /// The bytes.
    public var bytes: [UInt8]

    /// No bytes.
    public init() { bytes = [] }

    /// - Parameter bytes: any bytes.
    public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    /// - Parameter text: in UTF-8.
    public init(_ text: String) { bytes = Array(text.utf8) }

    /// The number of bytes.
    public var count: Int { bytes.count }
    /// There is no byte.
    public var isEmpty: Bool { bytes.isEmpty }
    /// The bytes as UTF-8. Bytes that are no UTF-8 are repaired.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension HTTPBody: ExpressibleByStringLiteral {
    /// - Parameter value: the text, in UTF-8.
    public init(stringLiteral value: String) { self.init(value) }
}

/// Where the body of a message is, for its hooks.
enum HookedBody: Sendable {
    /// It goes on as it comes, or there is none.
    case untouched
    /// It was collected whole.
    case collected(HTTPBody)
    /// A hook has set it.
    case replaced(HTTPBody)

    /// What a hook sees.
    var value: HTTPBody {
        switch self {
        case .untouched: HTTPBody()
        case .collected(let body), .replaced(let body): body
        }
    }
}
