/// A response, as hooks see, change and make it.
public struct HTTPResponse: Sendable {
    /// The head as it came.
    private var base: [UInt8] = []
    private var reasonRange = 0..<0
    private var setReason: String?
    private var hookedBody = HookedBody.untouched
    /// The status code, 200 to 999.
    public var status: Int
    /// There is a body, whether a hook sees it or not.
    public private(set) var hasBody = false
    /// The fields.
    public var fields: HTTPFields

    /// A response of a hook's own.
    ///
    /// - Parameters:
    ///   - status: 200 to 999.
    ///   - reason: behind the code; nil is that of RFC 9110 for the code.
    ///   - fields: without the length.
    ///   - body: may be empty.
    public init(
        _ status: Int, reason: String? = nil, fields: HTTPFields = HTTPFields(),
        body: HTTPBody = HTTPBody()
    ) {
        self.status = status
        setReason = reason ?? "\(StatusText.of(UInt16(clamping: status)))"
        self.fields = fields
        hasBody = !body.isEmpty
        hookedBody = .replaced(body)
    }

    /// A response with a text, `text/plain` in UTF-8.
    ///
    /// - Parameters:
    ///   - status: 200 to 999.
    ///   - text: the body.
    public init(_ status: Int, text: String) {
        self.init(status, body: HTTPBody(text))
        fields["Content-Type"] = "text/plain; charset=utf-8"
    }

    /// A head that was read.
    init(_ octets: Octets, _ head: ResponseHead) {
        let base = Array(UnsafeBufferPointer(start: octets.start, count: head.end))
        self.base = base
        reasonRange = head.reason
        status = head.status
        hasBody = head.body != .none
        fields = HTTPFields(base, from: head.fieldsStart)
    }

    /// The reason phrase. It has no meaning, and may be empty.
    public var reason: String {
        get { setReason ?? base.withOctets { $0.text(reasonRange) } }
        set { setReason = newValue }
    }

    /// The whole body where a hook collects it, else empty. Setting it replaces the body, whether
    /// it was collected or not; the engine sets its length.
    public var body: HTTPBody {
        get { hookedBody.value }
        set { hookedBody = .replaced(newValue) }
    }

    // MARK: For the engine

    /// A hook has made it: no upstream sent it.
    var isOwn: Bool { base.isEmpty }

    /// Where the body is.
    var bodyPlace: HookedBody { hookedBody }

    /// The reason phrase, where a hook has set one.
    var changedReason: String? { setReason }

    /// All of the body has come.
    mutating func collect(_ body: HTTPBody) {
        if case .untouched = hookedBody { hookedBody = .collected(body) }
    }

    /// The head in bytes, to be read as any head.
    ///
    /// - Parameter framing: nil leaves the framing that came.
    func written(_ framing: BodyFraming?) -> [UInt8] {
        var fields = fields
        if let framing {
            fields.dropFraming()
            framing.write(to: &fields)
        }
        var bytes = Array("HTTP/1.1 \(status) ".utf8)
        bytes.reserveCapacity(base.count + 256)
        if let setReason {
            bytes.append(contentsOf: setReason.utf8)
        } else {
            bytes.append(contentsOf: base[reasonRange])
        }
        bytes.append(0x0d)
        bytes.append(0x0a)
        fields.write(to: &bytes)
        return bytes
    }
}
