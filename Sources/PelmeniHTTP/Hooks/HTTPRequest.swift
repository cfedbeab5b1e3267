/// A method, RFC 9110, 9: its case counts.
public struct HTTPMethod: RawRepresentable, Hashable, Sendable, CustomStringConvertible,
    ExpressibleByStringLiteral
{
    /// The method's name.
    public let rawValue: String
    /// - Parameter rawValue: the name, a token.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// - Parameter value: the name, a token.
    public init(stringLiteral value: String) { rawValue = value }
    /// The method's name.
    public var description: String { rawValue }

    /// `GET`.
    public static let get: HTTPMethod = "GET"
    /// `HEAD`.
    public static let head: HTTPMethod = "HEAD"
    /// `POST`.
    public static let post: HTTPMethod = "POST"
    /// `PUT`.
    public static let put: HTTPMethod = "PUT"
    /// `DELETE`.
    public static let delete: HTTPMethod = "DELETE"
    /// `PATCH`.
    public static let patch: HTTPMethod = "PATCH"
    /// `OPTIONS`.
    public static let options: HTTPMethod = "OPTIONS"
    /// `TRACE`.
    public static let trace: HTTPMethod = "TRACE"
}

/// A request, as hooks see and change it. No text is made of it before a hook asks.
public struct HTTPRequest: Sendable {
    /// The head as it came.
    private var base: [UInt8] = []
    private var methodRange = 0..<0
    private var targetRange = 0..<0
    private var isOldVersion = false
    private var setMethod: HTTPMethod?
    private var setTarget: String?
    private var hookedBody = HookedBody.untouched
    /// There is a body, whether a hook sees it or not.
    public private(set) var hasBody = false
    /// The fields.
    public var fields: HTTPFields

    /// A request of HTTP/1.1.
    ///
    /// - Parameters:
    ///   - method: a token.
    ///   - target: what stands in the request line: a path, and a query behind a question mark.
    ///   - fields: with a Host.
    ///   - body: may be empty.
    public init(
        _ method: HTTPMethod = .get, _ target: String = "/", fields: HTTPFields = HTTPFields(),
        body: HTTPBody = HTTPBody()
    ) {
        setMethod = method
        setTarget = target
        self.fields = fields
        hasBody = !body.isEmpty
        if hasBody { hookedBody = .replaced(body) }
    }

    /// A head that was read.
    init(_ octets: Octets, _ head: RequestHead) {
        let base = Array(UnsafeBufferPointer(start: octets.start, count: head.end))
        self.base = base
        methodRange = head.method
        targetRange = head.target
        isOldVersion = head.isOldVersion
        hasBody = head.body != .none
        fields = HTTPFields(base, from: head.fieldsStart)
        guard head.isAbsolute else { return }
        // The path alone goes on, RFC 9112, 3.2.1.
        let path = octets.text(head.target)
        setTarget = path.isEmpty ? (head.kind == .options ? "*" : "/") : path
        if path.first == "?" { setTarget = "/" + path }
        if !head.hasHostLine { fields.frame("Host", octets.text(head.facts.host)) }
    }

    // MARK: What a hook sees and sets

    /// The method. HEAD stays HEAD, and no other one becomes it: the response's end depends on it.
    public var method: HTTPMethod {
        get {
            setMethod ?? HTTPMethod(rawValue: base.withOctets { $0.text(methodRange) })
        }
        set { setMethod = newValue }
    }

    /// The request target: the bytes behind the method, not decoded.
    public var target: String {
        get { setTarget ?? base.withOctets { $0.text(targetRange) } }
        set { setTarget = newValue }
    }

    /// The target up to its question mark.
    public var path: String {
        get { String(target.prefix { $0 != "?" }) }
        set { target = query.map { "\(newValue)?\($0)" } ?? newValue }
    }

    /// The target behind its question mark; nil where it has none.
    public var query: String? {
        get {
            let target = target
            return target.firstIndex(of: "?").map { String(target[target.index(after: $0)...]) }
        }
        set { target = newValue.map { "\(path)?\($0)" } ?? path }
    }

    /// The whole body where a hook collects it, else empty. Setting it replaces the body, whether
    /// it was collected or not; the engine sets its length.
    public var body: HTTPBody {
        get { hookedBody.value }
        set { hookedBody = .replaced(newValue) }
    }

    // MARK: For the engine

    /// Where the body is.
    var bodyPlace: HookedBody { hookedBody }

    /// The method and the target, where a hook has set one.
    var changedLine: (method: String, target: String)? {
        setMethod == nil && setTarget == nil ? nil : (method.rawValue, target)
    }

    /// All of the body has come.
    mutating func collect(_ body: HTTPBody) {
        if case .untouched = hookedBody { hookedBody = .collected(body) }
    }

    /// The head in bytes, to be read as any head.
    ///
    /// - Parameters:
    ///   - framing: nil leaves the framing that came.
    ///   - host: of a request of HTTP/1.0 without one whose body becomes chunked.
    func written(_ framing: BodyFraming?, host: @autoclosure () -> String = "") -> [UInt8] {
        var fields = fields
        var isOldVersion = isOldVersion
        if let framing {
            fields.dropFraming()
            framing.write(to: &fields)
            if case .chunked = framing, isOldVersion {
                // HTTP/1.0 has no chunks. What the client gets does not depend on it.
                isOldVersion = false
                if !fields.contains("Host") { fields.frame("Host", host()) }
            }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(base.count + 256)
        if let setMethod {
            bytes.append(contentsOf: setMethod.rawValue.utf8)
        } else {
            bytes.append(contentsOf: base[methodRange])
        }
        bytes.append(0x20)
        if let setTarget {
            bytes.append(contentsOf: setTarget.utf8)
        } else {
            bytes.append(contentsOf: base[targetRange])
        }
        let version: StaticString = isOldVersion ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n"
        version.withUTF8Buffer { bytes.append(contentsOf: $0) }
        fields.write(to: &bytes)
        return bytes
    }
}

/// How the engine frames a body that hooks have seen.
enum BodyFraming {
    case none
    case bytes(Int)
    case chunked

    func write(to fields: inout HTTPFields) {
        switch self {
        case .none: break
        case .bytes(let count): fields.frame("Content-Length", "\(count)")
        case .chunked: fields.frame("Transfer-Encoding", "chunked")
        }
    }
}
